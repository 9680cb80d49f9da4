"""An evaluator that knows codes of a site besides ours, for the sets we ship empty."""

from __future__ import annotations

import json
from pathlib import Path

from samples import SETTINGS

from cds_service.assembly.content import build_evaluator
from cds_service.content.terminology_files import load_terminology

SITE = "http://site.example/codes"


def evaluator_with(folder: Path, **codes: str):
    """`VS_CKD="ckd"` adds code `ckd` of the site to VS-CKD."""
    for name, code in codes.items():
        include = {"system": SITE, "concept": [{"code": code, "display": f"site {code}"}]}
        document = {
            "resourceType": "ValueSet",
            "status": "active",
            "compose": {"include": [include]},
        }
        path = folder / f"{name.replace('_', '-')}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
    return build_evaluator(SETTINGS, load_terminology(folder))
