#!/bin/sh
# Stands in for Ollama: its server answers that it runs, its other commands succeed.
case ${1:-} in
    serve) ;;
    --version | -v) echo "ollama version is 0.5.0"; exit 0 ;;
    *) echo "ollama $* (a rehearsal does not run it)"; exit 0 ;;
esac
address=${OLLAMA_HOST:-127.0.0.1:11434}
address=${address#http://}
for python in python3 python; do
    command -v "$python" > /dev/null 2>&1 || continue
    exec "$python" - "$address" << 'END'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

host, _, port = sys.argv[1].partition(":")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        plain = self.path == "/"
        answers = {"/api/tags": {"models": []}, "/api/version": {"version": "0.5.0"}, "/api/pull": {"status": "success"}}
        document = answers.get(self.path, {"model": "double", "response": "double", "message": {"role": "assistant", "content": "double"}, "done": True})
        data = b"Ollama is running" if plain else json.dumps(document).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if plain else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_POST = do_HEAD = do_DELETE = do_GET


ThreadingHTTPServer((host or "127.0.0.1", int(port or 11434)), Handler).serve_forever()
END
done
echo "Ollama's stand-in has no Python to serve with" >&2
exec sleep 1000000
