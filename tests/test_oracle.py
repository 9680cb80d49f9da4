"""What `cds-service check` asks of the models of FHIR R4, and that a start asks nothing of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from samples import CLIENT, SAMPLES, evaluator, sample, terminology

from cds_service import oracle
from cds_service.client import make_client

ROOT = Path(__file__).parents[1]


class Careless:
    """Answers as the real one does, but spoils each order on its way out."""

    version = "x"

    def evaluate(self, *call):
        answer = evaluator().evaluate(*call)
        for card in answer["cards"]:
            for each in card.get("suggestions", ()):
                for action in each["actions"]:
                    if "resource" in action:
                        action["resource"] = action["resource"] | {"priority": 5}
        return answer


def test_all_we_hold_and_send_is_fhir():
    quiet = make_client("quiet", {}, dev=False)
    assert list(oracle.problems(terminology(), evaluator(), [CLIENT, quiet])) == []


def test_every_sample_order_with_a_suggestion_is_looked_at():
    places = {name.split()[2] for name, _ in oracle.sent(evaluator(), [CLIENT])}
    assert len(places) > len(SAMPLES) / 2


def test_an_order_that_is_none_is_named_with_sample_client_and_place():
    found = list(oracle.problems(terminology(), cast("Any", Careless()), [CLIENT]))
    assert found
    assert all(each.startswith("answer to V") for each in found)
    assert all(" for development: " in each for each in found)
    assert all(each.endswith("priority: Input should be a valid string") for each in found)


def test_a_value_set_of_a_site_is_held_against_its_model(tmp_path):
    include = {"system": "http://snomed.info/sct", "concept": [{"code": 81680005}]}
    document = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
    (tmp_path / "VS-NECKPAIN.json").write_text(json.dumps(document))
    (found,) = oracle.problems(terminology(), evaluator(), [], tmp_path)
    assert found.startswith("VS-NECKPAIN.json: compose.include.0.concept.0.code: ")


def test_what_is_no_resource():
    assert list(oracle.faults("x", sample("V01"))) == ["x: None is no resource of FHIR R4"]
    assert list(oracle.unknown_query("k", "Obversation?patient=1")) == [
        "discovery: prefetch k: Obversation is no resource of FHIR R4"
    ]


def test_a_start_does_not_wait_for_the_models():
    """The models take longer to import than the whole start may."""
    code = (
        "import sys; from cds_service.app import create_app; from cds_service.server import serve; "
        "from cds_service.settings import Settings; create_app(Settings(dev=True)); "
        "print([name for name in sys.modules if name.startswith(('fhir.resources', 'fhir_core'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
