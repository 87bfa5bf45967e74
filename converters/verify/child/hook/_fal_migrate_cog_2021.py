"""Cog's server of 2021 (0.0.x) at a port of our choice: ``python -m _fal_migrate_cog_2021 PORT`` where ``cog.yaml`` lies.

That server says "Internal Server Error" for every exception; the queue's worker of the same releases, which ran models on Replicate,
tells the exception's message (``cog/server/redis_queue.py`` of 0.0.20), and so it is here.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def _told(error: Exception) -> Any:
    return {"error": str(error)}, 500


def main() -> None:
    predictor = importlib.import_module("cog.predictor").load_predictor()
    app = importlib.import_module("cog.server.http").HTTPServer(predictor).make_app()
    app.register_error_handler(Exception, _told)
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=False, processes=1)


if __name__ == "__main__":
    main()
