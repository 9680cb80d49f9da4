"""`python floor.py PORT`: the least a Flask service can do: parse the body, answer a fixed card."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

CARD = {
    "cards": [
        {
            "uuid": "3b1d5f0a-5c0e-4a55-9d0b-8f2f1f0f6a01",
            "summary": "A fixed card",
            "indicator": "info",
            "source": {"label": "Floor"},
        }
    ]
}

app = Flask(__name__)


@app.get("/readyz")
def ready() -> str:
    return "ready"


@app.post("/cds-services/cervical-mri")
def answer() -> Response:
    orjson.loads(request.get_data(cache=False))
    return Response(orjson.dumps(CARD), content_type="application/json")


class Floor(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The same server settings as the service's."""

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"127.0.0.1:{sys.argv[1]}",
            "worker_class": "gthread",
            "threads": 32,
            "keepalive": 75,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for key, value in settings.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return app


if __name__ == "__main__":
    Floor().run()
