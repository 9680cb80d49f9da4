"""The discovery schema accepts the shapes of CDS Hooks and refuses near-misses."""

from typing import Any

import pytest
from wire import NOTHING, assert_valid_discovery, changed, discovery_errors

DISCOVERY: dict[str, Any] = {
    "services": [
        {
            "hook": hook,
            "id": "cervical-mri",
            "title": "Cervical-spine MRI",
            "description": "Rates orders",
            "version": "3.0.0-ballot",
            "hookVersion": "1.0",
            "prefetch": {
                "patient": "Patient/{{context.patientId}}",
                "conditions": "Condition?patient={{context.patientId}}",
            },
        }
        for hook in ("order-sign", "order-select")
    ]
}


def test_a_discovery_answer_passes():
    assert_valid_discovery(DISCOVERY)
    assert_valid_discovery({"services": []})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("services", NOTHING, id="no services member"),
        pytest.param("services/0/hook", NOTHING, id="no hook"),
        pytest.param("services/0/description", "", id="empty description"),
        pytest.param("services/0/id", "cervical/mri", id="id that is not one segment"),
        pytest.param("services/0/prefetch", {}, id="empty prefetch"),
        pytest.param("services/0/prefetch/patient", None, id="null template"),
        pytest.param("services/0/prefetch/patient", "/Patient/1", id="template from the root"),
        pytest.param("services/0/version", "3", id="version that is not semantic"),
        pytest.param("services/0/extension", [], id="extension as array"),
        pytest.param("services/0/url", "https://x.example", id="unknown member"),
        pytest.param("services/0/hook", "order-select", id="same hook twice under one id"),
    ],
)
def test_discovery_answers_that_are_refused(path, value):
    assert discovery_errors(changed(DISCOVERY, path, value))
