"""The list of what may be added: only codes the criteria read, or the start fails."""

import pytest
from benches import bench
from samples import terminology

from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.vocabulary import LOCAL
from cds_service.workbench.palette import load_palette

MEASURE = '[[measure]]\nlocal = "motor-strength"\nunits = { "{score}" = "of 5" }\n'


def loaded(findings):
    return load_palette(
        f'[[group]]\ntitle = "G"\nfindings = [{findings}]\n{MEASURE}', terminology()
    )


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        (
            '{ concept = "VS-GAIT", code = "http://snomed.info/sct|73211009" }',
            "not in that concept",
        ),
        (
            '{ concept = "VS-NONE", code = "http://snomed.info/sct|394616008" }',
            "not in that concept",
        ),
        ('{ concept = "VS-GAIT" }', "not in that concept"),
        ('{ local = "mood" }', "no local code"),
        ('{ local = "clonus" }, { local = "clonus" }', "twice"),
        ('{ local = "clonus", as = "Poem" }', "palette.toml"),
        ("{ local = 1 }", "palette.toml"),
    ],
)
def test_a_code_the_criteria_do_not_read_stops_the_start(findings, says):
    with pytest.raises(ConfigurationError, match=says):
        loaded(findings)


def test_words_come_from_the_terminology():
    (finding,) = loaded(
        '{ concept = "VS-GAIT", code = "http://snomed.info/sct|394616008" }'
    ).findings.values()
    assert finding.display == "Unsteady gait"


def test_every_local_code_can_be_set():
    palette = bench().palette
    offered = palette.findings.keys() | {each.code for each in palette.measures.values()}
    assert LOCAL.keys() <= offered
