"""What holds for every recommendation, over combinations of findings (criteria, 2.1 to 2.4)."""

from itertools import product

import pytest
from chart import NECK_PAIN, condition, observation, procedure, recommend, report
from injuries import MRI, NORMAL, WEAK_LIMB, ct, injury, nexus

PAIN = condition(NECK_PAIN, 100)
THERAPY = procedure("sct|91251008", start=50, status="in-progress")

INJURIES = {"no injury": (), "injured today": (injury(0),), "injured 10 days ago": (injury(10),)}
FLAGS = {
    "no red flag": (),
    "weak": (condition(WEAK_LIMB, 20),),
    "fever": (condition("icd|R50.9", 2),),
    "stiff spine": (condition("icd|M45.9", 900),),
}
SCANS = [(), (ct(0, NORMAL),), (ct(0),)]
SCREENS = [(), (nexus(),)]
BACKGROUNDS = [
    (),
    (condition("icd|T84.226A", 90),),
    (procedure("sct|81099000", on=50),),
    (condition("icd|C61", 900, verification="provisional"),),
]
CARE = [(), (THERAPY,), (observation("neuro-exam-normal", True, 25),)]
PRIORS = [(), (report(MRI, 1),)]
UNREAD = [(), ("imaging",)]


def recommendations(injured, flag):
    for *chart, unread in product(SCANS, SCREENS, BACKGROUNDS, CARE, PRIORS, UNREAD):
        found = [item for part in chart for item in part]
        everything = (PAIN, *INJURIES[injured], *FLAGS[flag], *found)
        yield unread, recommend(*everything, unread=unread)


@pytest.mark.parametrize("injured", INJURIES)
@pytest.mark.parametrize("flag", FLAGS)
def test_promises(injured, flag):
    for unread, found in recommendations(injured, flag):
        outcome = found.outcome
        flags = [s for s in found.fired if s.startswith("RF-")]
        mri = outcome.startswith("MRI_")
        rated = found.underlying or outcome
        told = f"{outcome} at {found.step}, fired {found.fired}, possible {found.possible}"

        assert len({s.id for s in found.steps}) == len(found.steps), told
        assert [s.id for s in found.steps if s.decided] == [found.step], told

        # A red flag is never refused, nor left without an answer.
        if flags:
            assert mri or found.keep_mri or outcome == "DUPLICATE", told
        if flag != "no red flag":
            assert flags, told

        # Refusing needs everything: no open question, imaging read, nothing fired.
        if outcome == "NOT_YET":
            assert (flags, found.possible, unread) == ([], (), ()), told
            assert found.rating == "not-appropriate", told
        if outcome == "CT_FIRST" and unread:
            assert found.keep_mri, told

        # No rating where none can be given, and one everywhere else.
        assert (found.rating is None) is (rated == "INSUFFICIENT"), told
        if outcome == "INSUFFICIENT":
            assert found.missing, told
            assert (found.suggest_delete, found.suggest_ct) == (False, False), told
            assert (found.suggested_priority, found.acr) == (None, None), told

        # Where the MRI stays, nothing takes it away.
        if found.keep_mri:
            assert (outcome, found.rating) == ("CT_FIRST", "appropriate"), told
        taken = outcome in ("NOT_YET", "DUPLICATE") or (
            outcome == "CT_FIRST" and not found.keep_mri
        )
        assert found.suggest_delete is taken, told
        if mri:
            assert found.rating == "appropriate", told
            assert not found.suggest_physical_therapy, told

        assert (found.underlying is not None) is (outcome == "DUPLICATE"), told
        assert (found.prior is not None) is (outcome == "DUPLICATE"), told
        if any(s.startswith("NOT-") for s in found.fired):
            assert outcome == "NOT_YET", told
        if found.suggested_priority:
            assert outcome in ("MRI_URGENT", "MRI_EMERGENT"), told


def test_the_combinations_reach_most_outcomes():
    """So that the promises are not kept by an empty world."""
    seen = {
        found.outcome
        for injured in INJURIES
        for flag in ("no red flag", "weak")
        for _, found in recommendations(injured, flag)
    }
    assert seen == {
        "MRI_URGENT", "MRI_ROUTINE", "NOT_YET", "CT_FIRST", "DUPLICATE", "INSUFFICIENT",
    }  # fmt: skip
