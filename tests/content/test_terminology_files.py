"""The files behind the terminology: valid FHIR, clear refusals, and a site's own folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet

from cds_service.content.terminology_files import KNOWLEDGE, load_terminology
from cds_service.content.terminology_site import MODE
from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.value_sets import Terminology

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CPT = "http://www.ama-assn.org/go/cpt"
FILES = sorted((KNOWLEDGE / "value_sets").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_value_set_is_valid_and_says_what_it_must(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    parsed = ValueSet.model_validate(document)
    assert parsed.id == path.stem.replace("_", "-")
    assert parsed.url == f"http://example.org/fhir/ValueSet/{parsed.id}"
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", parsed.name or "")
    assert parsed.status == "active"
    assert parsed.title
    assert parsed.description
    assert parsed.version
    includes = document["compose"]["include"]
    systems = {include["system"] for include in includes}
    for system, owner in ((SNOMED, "SNOMED"), (LOINC, "LOINC"), (CPT, "American Medical")):
        assert (owner in document.get("copyright", "")) is (system in systems)
    for include in includes:
        codes = [concept["code"] for concept in include.get("concept", [])]
        assert len(codes) == len(set(codes))


def test_the_version_depends_on_content_only(tmp_path: Path) -> None:
    plain = load_terminology().version
    assert re.fullmatch(r"[0-9a-f]{12}", plain)
    turned = _copy(tmp_path)
    path = turned / "concepts.toml"
    entries = re.split(r"(?m)^(?=\[)", path.read_text(encoding="utf-8"))
    path.write_text(entries[0] + "\n".join(reversed(entries[1:])), encoding="utf-8")
    assert load_terminology(knowledge=turned).version == plain
    _edit(turned / "concepts.toml", 'prefixes = ["M96.0"]', 'prefixes = ["M96.1"]')
    assert load_terminology(knowledge=turned).version != plain


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "concepts.toml",
            "[VS-GAIT]",
            "[VS-GAITS]",
            r"concepts.toml: the criteria need \[VS-GAIT\]",
            id="a name is missing",
        ),
        pytest.param(
            "concepts.toml",
            "[VS-GAIT]",
            '[VS-NEW]\ntitle = "New"\nempty = true\n\n[VS-GAIT]',
            r"no criterion reads \[VS-NEW\]",
            id="a name too many",
        ),
        pytest.param(
            "concepts.toml",
            "sct|161882006",
            "sct|161882007",
            r"\[VS-NECKPAIN\] code .*161882007' stands in no value set; add it",
            id="a code without provenance",
        ),
        pytest.param(
            "concepts.toml",
            '"S16.1"]',
            '"S29.1"]',
            r"\[VS-NECKPAIN\] prefix 'S29.1' lies under no prefix",
            id="a prefix without provenance",
        ),
        pytest.param(
            "concepts.toml",
            '"M46.21",',
            '"M46.24",',
            r"prefix 'M46.24' lies under no prefix",
            id="a prefix that is excluded",
        ),
        pytest.param(
            "concepts.toml", 'shown = "CRP"', "shown = 3", r"\[VS-CRP\] shown must be a short name",
            id="a short name that is none",
        ),
        pytest.param(
            "concepts.toml",
            'tables = ["gait_disturbance"]',
            'tables = ["gait"]',
            r"\[VS-GAIT\] unknown value set 'gait'",
            id="an unknown value set",
        ),
        pytest.param(
            "concepts.toml",
            'local = ["opll"]',
            'local = ["olpl"]',
            r"\[VS-OSSIFIED\] unknown local code 'olpl'",
            id="an unknown local code",
        ),
        pytest.param(
            "concepts.toml",
            'concepts = ["VS-NECKPAIN"]',
            'concepts = ["VS-NECKPAIN-MECH"]',
            "takes itself in",
            id="a name made of itself",
        ),
        pytest.param(
            "concepts.toml",
            'concepts = ["VS-NECKPAIN"]',
            'concepts = ["VS-NECK"]',
            "unknown concept 'VS-NECK'",
            id="made of an unknown name",
        ),
        pytest.param(
            "concepts.toml",
            'tables = ["gait_disturbance"]',
            "",
            r"\[VS-GAIT\] matches nothing; give it codes",
            id="empty without saying so",
        ),
        pytest.param(
            "concepts.toml",
            'title = "Crystal arthropathy"',
            'title = "Crystal arthropathy"\ntables = ["gait_disturbance"]',
            r"\[VS-CRYSTAL\] says 'empty' and has codes",
            id="empty and not empty",
        ),
        pytest.param(
            "concepts.toml",
            'title = "Gait disturbance"',
            "title = 1",
            r"concepts.toml: \[VS-GAIT\] has no title",
            id="no title",
        ),
        pytest.param(
            "concepts.toml",
            'tables = ["gait_disturbance"]',
            'table = ["gait_disturbance"]',
            "unknown key 'table'",
            id="a misspelt key",
        ),
        pytest.param(
            "concepts.toml",
            'tables = ["gait_disturbance"]',
            'tables = "gait_disturbance"',
            "'tables' must be a list of texts",
            id="a text where a list belongs",
        ),
        pytest.param(
            "concepts.toml",
            '"http://loinc.org|9269-2"',
            '"9269-2"',
            r"\[VS-GCS\] '9269-2' is no code; write system\|code",
            id="a code without system",
        ),
        pytest.param(
            "concepts.toml",
            'sequela = "only"',
            'sequela = "never"',
            r"\[VS-SCI-SEQUELA\] sequela must be",
            id="an unknown word for late effects",
        ),
        pytest.param("concepts.toml", "[VS-GAIT]", "[VS-GAIT", "is not TOML", id="broken TOML"),
        pytest.param(
            "value_sets/fever.json", '"resourceType"', "resourceType", "fever.json: is not JSON",
            id="broken JSON",
        ),
        pytest.param(
            "value_sets/fever.json", '"ValueSet"', '"Patient"', "fever.json: is not a FHIR ValueSet",
            id="another resource",
        ),
        pytest.param(
            "value_sets/fever.json",
            '"display": "Fever"',
            '"display": ""',
            "fever.json: an entry lacks its display",
            id="a code without display",
        ),
        pytest.param(
            "value_sets/fever.json",
            f'"system": "{SNOMED}"',
            '"system": ""',
            r"fever.json: compose.include\[0\]: has no system",
            id="a shipped set without system",
        ),
        pytest.param(
            "look_alikes.toml", '"VS-RADIC"', '"VS-RADICULAR"', "unknown name VS-RADICULAR",
            id="a look-alike of an unknown name",
        ),
        pytest.param(
            "look_alikes.toml", "meaning =", "means =", "an entry has no 'meaning'",
            id="a look-alike without meaning",
        ),
        pytest.param(
            "local_codes.toml", "[nexus]", '[nexus]\nclonus = "twice"', "'clonus' needs one text",
            id="a local code twice",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_stops_the_start_and_names_the_place(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    knowledge = _copy(tmp_path)
    _edit(knowledge / file, old, new)
    with pytest.raises(ConfigurationError, match=message):
        load_terminology(knowledge=knowledge)


def test_an_empty_package_folder_is_refused(tmp_path: Path) -> None:
    knowledge = _copy(tmp_path)
    shutil.rmtree(knowledge / "value_sets")
    with pytest.raises(ConfigurationError, match="holds no value sets"):
        load_terminology(knowledge=knowledge)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    knowledge = _copy(tmp_path)
    (knowledge / "disjoint.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"disjoint\.toml: cannot be read"):
        load_terminology(knowledge=knowledge)


# --- a site's own folder --------------------------------------------------------------------

Site = Callable[..., Terminology]


def _listed(system: str | None, *codes: str) -> dict[str, Any]:
    include: dict[str, Any] = {"concept": [{"code": c, "display": f"site {c}"} for c in codes]}
    return include | ({"system": system} if system else {})


def _under(prefix: str) -> dict[str, Any]:
    return {
        "system": ICD,
        "filter": [{"property": "concept", "op": "is-a", "value": prefix}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    made.mkdir()
    return made


@pytest.fixture
def site(folder: Path) -> Site:
    """Writes one ValueSet of the site and loads the terminology with it."""

    def load(
        file: str,
        *includes: dict[str, Any],
        exclude: list[dict[str, Any]] | None = None,
        **more: Any,
    ) -> Terminology:
        document = {"resourceType": "ValueSet", "status": "active", **more}
        document.setdefault("compose", {"include": list(includes), "exclude": exclude or []})
        (folder / file).write_text(json.dumps(document), encoding="utf-8")
        return load_terminology(folder)

    return load


REPLACE = [{"url": MODE, "valueCode": "replace"}]


def test_a_site_file_adds_to_the_concept_it_is_named_after(site: Site) -> None:
    terminology = site("VS-NECKPAIN.json", _listed("http://site.example/codes/", "NP1"))
    assert "VS-NECKPAIN" in terminology.sets_of("http://site.example/codes", "NP1")
    assert "VS-NECKPAIN" in terminology.sets_of(ICD, "M54.2")
    assert terminology.display("http://site.example/codes", "NP1") == "site NP1"
    assert {
        "system": "http://site.example/codes",
        "code": "NP1",
        "display": "site NP1",
        "provenance": "site file VS-NECKPAIN.json",
    } in terminology.sources("VS-NECKPAIN")
    assert terminology.conflicts() == []
    assert terminology.version != load_terminology().version


def test_a_name_made_of_another_follows_its_additions(site: Site) -> None:
    terminology = site("VS-NECKPAIN.json", _listed("http://site.example/codes", "NP1"))
    assert "VS-NECKPAIN-MECH" in terminology.sets_of("http://site.example/codes", "NP1")


def test_the_id_names_the_concept_when_the_file_does_not(site: Site) -> None:
    terminology = site("our-own.json", _listed(SNOMED, "1234567"), id="VS-GAIT")
    assert "VS-GAIT" in terminology.sets_of(SNOMED, "1234567")
    assert terminology.conflicts() == []


def test_a_site_file_can_replace_a_concept(site: Site) -> None:
    terminology = site("VS-WBC.json", _listed(LOINC, "99999-9"), extension=REPLACE)
    assert terminology.codes("VS-WBC") == ((LOINC, "99999-9"),)
    assert load_terminology().codes("VS-WBC") != terminology.codes("VS-WBC")


def test_replacing_by_nothing_is_reported_and_not_done(site: Site) -> None:
    terminology = site("VS-WBC.json", extension=REPLACE, compose={"include": []})
    assert terminology.codes("VS-WBC") == load_terminology().codes("VS-WBC")
    assert any("replaces VS-WBC by nothing" in text for text in terminology.conflicts())


def test_a_site_prefix_keeps_the_rule_about_late_effects(site: Site) -> None:
    terminology = site(
        "VS-NECKTRAUMA.json", _under("S11"), exclude=[_under("S11.2"), _listed(ICD, "S11.80XA")]
    )
    assert "VS-NECKTRAUMA" in terminology.sets_of(ICD, "S11.90XA")
    for code in ("S11.90XS", "S11.20XA", "S11.80XA"):
        assert "VS-NECKTRAUMA" not in terminology.sets_of(ICD, code)
    assert terminology.display(ICD, "S11.90XA") == "Injury of the neck"


def test_a_site_may_list_single_icd_codes_and_take_some_out(site: Site) -> None:
    terminology = site(
        "VS-GAIT.json", _listed(ICD, "r29.6", "R29.5"), exclude=[_listed(ICD, "R29.5")]
    )
    assert "VS-GAIT" in terminology.sets_of(ICD, "R29.6")
    assert "VS-GAIT" not in terminology.sets_of(ICD, "R29.5")


def test_a_stored_expansion_is_read_when_nothing_is_composed(site: Site) -> None:
    terminology = site(
        "VS-GAIT.json",
        compose={},
        expansion={"contains": [{"system": SNOMED, "code": "7654321", "display": "x"}]},
    )
    assert "VS-GAIT" in terminology.sets_of(SNOMED, "7654321")


@pytest.mark.parametrize(
    ("file", "include", "message"),
    [
        pytest.param(
            "VS-NECK.json", _listed(SNOMED, "1"), "VS-NECK.json: unknown concept name",
            id="no concept has that name",
        ),
        pytest.param(
            "VS-GAIT.json", _listed(None, "1"), r"VS-GAIT.json: compose.include\[0\]: has no system",
            id="a code without system",
        ),
        pytest.param(
            "VS-GAIT.json", _listed(ICD, "abnormal gait"), "holds something that is no code",
            id="no code at all",
        ),
        pytest.param(
            "VS-GAIT.json", {"system": SNOMED}, "takes in a whole code system",
            id="a whole system",
        ),
        pytest.param(
            "VS-GAIT.json",
            {"system": SNOMED, "valueSet": ["http://site.example/ValueSet/gait"]},
            "refers to another value set",
            id="a reference",
        ),
        pytest.param(
            "VS-GAIT.json",
            {"system": SNOMED, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]},
            "this filter cannot be used",
            id="a filter that needs a terminology server",
        ),
        pytest.param(
            "VS-RADIC.json", _listed(SNOMED, "128196005"),
            r"128196005 stands in VS-RADIC, but it is: Lumbar radiculopathy",
            id="a look-alike",
        ),
        pytest.param(
            "VS-RADIC.json", _under("M54.1"), r"M54.16 stands in VS-RADIC, but it is",
            id="a prefix that takes in look-alikes",
        ),
        pytest.param(
            "VS-LUMBAR.json", _listed(SNOMED, "54404000"),
            "54404000.* stands in VS-LUMBAR and in VS-RADIC",
            id="cervical and lumbar at once",
        ),
        pytest.param(
            "VS-LUMBAR.json", _under("M54"), "M54.2 stands in VS-LUMBAR and in VS-NECKPAIN",
            id="a lumbar prefix that takes in the neck",
        ),
        pytest.param(
            "VS-CTCSPINE.json", _listed(CPT, "72141"), "72141.* VS-MRICSPINE and in VS-CTCSPINE",
            id="MRI as CT",
        ),
        pytest.param(
            "ANSWER-NEGATIVE.json", _listed(SNOMED, "52101004"),
            "52101004.* stands in ANSWER-POSITIVE and in ANSWER-NEGATIVE",
            id="present means absent",
        ),
        pytest.param(
            "SITE-NECK.json", _listed(SNOMED, "89545001"), "SITE-NECK and in SITE-FACE",
            id="the face in the neck",
        ),
        pytest.param(
            "VS-MALIG.json", _listed(ICD, "C44.91"),
            "C44.91 .*VS-NMSC takes it out of malignancy again",
            id="skin cancer as malignancy",
        ),
        pytest.param(
            "VS-NMSC.json", _under("C43"), "C43 .*so taken out of malignancy",
            id="melanoma as other skin cancer",
        ),
    ],
)  # fmt: skip
def test_check_reports_what_a_person_should_see(
    site: Site, file: str, include: dict[str, Any], message: str
) -> None:
    found = site(file, include).conflicts()
    assert any(re.search(message, text) for text in found), found


def test_an_unknown_mode_adds_and_is_reported(site: Site) -> None:
    terminology = site(
        "VS-WBC.json", _listed(LOINC, "99999-9"), extension=[{"url": MODE, "valueCode": "swap"}]
    )
    assert len(terminology.codes("VS-WBC")) == 4
    assert any("mode must be" in text for text in terminology.conflicts())


def test_a_site_can_compose_in_its_own_concepts_file(folder: Path, site: Site) -> None:
    (folder / "concepts.toml").write_text(
        '[VS-PAIN]\nmode = "replace"\ntables = ["our_scores", "pain_score"]\n'
        f'codes = ["{LOINC}|1988-5", "{LOINC}|77777-7", "77777-7"]\n\n'
        '[VS-GAIT]\nprefixes = ["R29.6", "fall"]\n\n'
        "[VS-GAITS]\nprefixes = []\n",
        encoding="utf-8",
    )
    terminology = site("our_scores.json", _listed(LOINC, "88888-8"))
    codes = {code for _, code in terminology.codes("VS-PAIN")}
    assert {"88888-8", "72514-3", "1988-5", "77777-7"} <= codes
    assert "VS-GAIT" in terminology.sets_of(ICD, "R29.6")
    assert [text.split(";")[0] for text in terminology.conflicts()] == [
        "concepts.toml: [VS-PAIN] '77777-7' has no system or no code",
        "concepts.toml: [VS-GAIT] 'fall' is no ICD-10-CM category",
        "concepts.toml: unknown concept [VS-GAITS]",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[VS-GAIT]\nmode = "swap"', "mode must be 'add' or 'replace'"),
        ('[VS-GAIT]\ntables = ["nowhere"]', "unknown value set 'nowhere'"),
        ('[VS-GAIT]\nminus_codes = ["x"]', "may hold only"),
        ('"VS-GAIT" = 1', "may hold only"),
    ],
)
def test_a_broken_concepts_file_of_a_site_stops_the_start(
    folder: Path, text: str, message: str
) -> None:
    (folder / "concepts.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_terminology(folder)


def test_a_site_file_that_is_no_text_stops_the_start(folder: Path) -> None:
    (folder / "VS-GAIT.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"VS-GAIT\.json: cannot be read"):
        load_terminology(folder)


def test_a_site_folder_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist; create it"):
        load_terminology(tmp_path / "nowhere")


def test_the_package_is_untouched_by_a_site(site: Site) -> None:
    before = load_terminology().version
    site("VS-NECKPAIN.json", _listed(SNOMED, "1"), extension=REPLACE)
    assert load_terminology().version == before
