"""`python -m soak`: the long run; prints its figures."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from soak import Load, running


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=30_000)
    parser.add_argument("--reloads", type=int, default=10)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=15, help="give up after")
    arguments = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        with Load(service.url, busy=6, idle=6, pause=1.5) as load:
            for number in range(arguments.reloads):
                with service.without_keys() if number % 2 else nullcontext():
                    service.reload()
                    service.replace()
            calls = load.calls
            print(
                f"{arguments.reloads} reloads, and as many workers replaced, with the key server slow "
                f"or down: {calls} calls, failed {load.failed or 0}",
                flush=True,
            )
            for number in range(arguments.restarts):
                with service.without_keys() if number % 2 else nullcontext():
                    service.restart()
            print(
                f"{arguments.restarts} restarts: {load.calls - calls} calls, "
                f"failed so far {load.failed or 0}",
                flush=True,
            )
            while load.calls < arguments.calls:
                if time.monotonic() - begun > arguments.minutes * 60:
                    print("out of time", file=sys.stderr)
                    break
                time.sleep(0.5)
        median, late = load.milliseconds()
        print(
            f"in all {load.calls} calls in {time.monotonic() - begun:.0f} s, failed {load.failed or 0}, "
            f"p50 {median:.1f} ms, p99 {late:.1f} ms"
        )
        return 1 if load.failed or load.calls < arguments.calls else 0


if __name__ == "__main__":
    sys.exit(main())
