"""`python fake_server.py PORT`: the real server around an evaluator that knows nothing."""

import sys

from calls import FakeEvaluator

from cds_service.server import serve
from cds_service.settings import load_settings

if __name__ == "__main__":
    serve(
        load_settings(given={"dev": True, "port": int(sys.argv[1]), "max_body": 100_000}),
        evaluator=FakeEvaluator(),
    )
