"""Nobody notices a reload or a restart: the short form of `make soak`."""

from pathlib import Path

import pytest
from soak import Load, running


@pytest.mark.integration
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_no_call_is_lost_when_the_service_reloads_and_restarts(tmp_path):
    with (
        running(tmp_path) as service,
        Load(service.url, busy=3, idle=3, pause=0.5) as load,
    ):
        service.reload()
        service.restart()
        with service.without_keys():
            service.reload()
            service.replace()
            service.restart()
    assert load.failed == {}
    assert load.calls > 100
