"""RP016: what the start command does beside starting the worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="RP016",
    title="start.sh runs in setup(), up to the line that starts the worker",
    safety="safe",
    expected="what the image starts beside the worker is started in `setup()`",
    explanation="""
    Many workers talk to a server (ComfyUI, A1111, vLLM, ollama) that a start script launches before it starts the worker. The script
    stays; its line that starts the worker becomes `exit 0`, and `setup()` runs it before the worker's module is imported, so that
    servers, links and folders are there as before. A script that only starts the worker is not needed.
    What the command starts with `&` or `nohup`, before the worker or behind a worker that is itself in the background, keeps running
    beside the app and is not waited for.
    A Dockerfile without CMD leaves the start to its base image, and what that starts beside the worker is not known.
    Check scripts that wait for ever after the server has started.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a command whose way to the worker is not found is named",
            "partial",
            {
                "handler.py": WORKER,
                "supervisord.conf": "[program:side]\ncommand=python -m http.server\n[program:worker]\ncommand=python -u /handler.py",
                "Dockerfile": IMAGE.replace("COPY handler.py", "COPY supervisord.conf /etc/\nCOPY handler.py").replace(
                    '["python", "-u", "/handler.py"]', '["supervisord", "-c", "/etc/supervisord.conf"]'
                ),
            },
            seen=(Seen("manual", 6, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "an image that starts nothing by itself is given its command elsewhere",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace('["python", "-u", "/handler.py"]', '["sleep", "infinity"]')},
        ),
        Case(
            "a script that launches a server runs in setup",
            "converted",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    return requests.post("http://127.0.0.1:3000/run", json=job["input"]).json()

                runpod.serverless.start({"handler": handler})
                """,
                "start.sh": """
                #!/bin/bash
                python -m http.server 3000 &
                python -u /handler.py
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py start.sh /
                CMD ["bash", "/start.sh"]
                """,
            },
            seen=(Seen("converted", 3, "start.sh"),),
            has={"start.sh": ("python -m http.server 3000 &\nexit 0\n",), "app.py": ('subprocess.run(["bash", "/start.sh"], check=True)',)},
        ),
        Case(
            "what runs beside the worker is started and not waited for",
            "converted",
            {
                "handler.py": WORKER,
                "side.sh": "exec sleep 600",
                "Dockerfile": """
                FROM python:3.11-slim
                COPY handler.py side.sh /
                CMD ["bash", "-c", "python -u /handler.py & bash /side.sh"]
                """,
            },
            seen=(Seen("converted", 3, "Dockerfile"),),
            has={"app.py": ('"(bash /side.sh) &"',)},
            status="converted",
        ),
        Case(
            "a script that only starts the worker is not run",
            "untouched",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                echo "starting"
                python -u /handler.py
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                COPY handler.py start.sh /
                CMD ["bash", "/start.sh"]
                """,
            },
            lacks={"app.py": ("subprocess",)},
        ),
        Case(
            "a script that no start command runs is a file like any other",
            "untouched",
            {"handler.py": WORKER, "scripts/serve.sh": "ollama serve &\npython -u /handler.py", "Dockerfile": PIP},
            lacks={"app.py": ("subprocess",)},
        ),
        Case(
            "what another base image starts is not known",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM acme/worker-base:1
                COPY handler.py /handler.py
                """,
            },
            seen=(Seen("manual", 1, "Dockerfile"),),
        ),
        Case(
            "a worker in the background with a server behind it goes first",
            "converted",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                python -u /handler.py &
                nginx -g 'daemon off;'
                """,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("converted", 2, "start.sh"),),
            has={"start.sh": ("(\nnginx -g 'daemon off;'\n) &\nexit 0\n",)},
            lacks={"start.sh": ("trap",)},
        ),
        Case(
            "a worker in the background of a block is left to a person",
            "partial",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                if [ -n "$WORKER" ]; then
                  python -u /handler.py &
                fi
                nginx -g 'daemon off;'
                """,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("manual", 3, "start.sh"),),
        ),
        Case(
            "a script whose line for the worker is not found is left to a person",
            "partial",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                MAIN=/handler.py
                nginx
                python -u $MAIN
                """,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("manual", 1, "start.sh"),),
        ),
        Case(
            "a start file that only an unknown base image may hold is told",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM acme/worker-base:1
                COPY handler.py /handler.py
                CMD ["python", "-u", "/main.py"]
                """,
            },
            seen=(Seen("manual", 3, "Dockerfile"),),
        ),
        Case(
            "a worker that an unknown base image is told to start is in order",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM acme/worker-base:1
                COPY handler.py /handler.py
                CMD ["python", "-u", "/handler.py"]
                """,
            },
        ),
        Case(
            "a script without a newline at its end gets one before what follows, and what it stops at its end goes on",
            "converted",
            {
                "handler.py": WORKER,
                "start.sh": "#!/bin/bash\ntrap 'kill %1' EXIT\npython -u /handler.py &\nnginx -g 'daemon off;'",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("converted", 3, "start.sh"),),
            has={"start.sh": ("(\nnginx -g 'daemon off;'\n) &\ntrap - EXIT; exit 0\n",)},
        ),
        Case(
            "of a command line only what does something is named",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace(
                    '["python", "-u", "/handler.py"]', '["bash", "-c", "echo starting; nginx && python -u /handler.py"]'
                ),
            },
            seen=(Seen("converted", 5, "Dockerfile", says="before the worker and beside it: `nginx`"),),
            status="converted",
        ),
        Case(
            "what the script reads from the volume moves with the volume",
            "converted",
            {
                "handler.py": WORKER,
                "start.sh": "#!/bin/bash\nnginx -c /runpod-volume/nginx.conf\npython -u /handler.py\n",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(
                Seen("converted", 3, "start.sh"),
                Seen("converted", 2, "start.sh", "FS001", "-> /data/worker"),
            ),
            has={"start.sh": ("nginx -c /data/worker/nginx.conf\nexit 0\n",)},
        ),
    ),
)
