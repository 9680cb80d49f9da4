"""What the order is about: presenting problem, background, age, and the union of indications."""

from __future__ import annotations

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    met,
    not_met,
    switched_off,
    unknown,
    when,
)
from cds_service.facts.finding import Evidence, Finding


@criterion("CTX-SYMPTOM")
def presenting_problem(case: Case) -> Finding:
    """A problem of the cervical spine is documented (SYM-CERV), the gate of every indication.

    Reads Condition, Observation, answers and the reasons of the order. UNKNOWN when nothing
    cervical is found and Conditions could not be read to their end.
    """
    found = case.picture.cervical
    if found:
        return met("CTX-SYMPTOM", evidence(found))
    if not case.facts.received.read("conditions"):
        return unknown("CTX-SYMPTOM", "conditions could not be read to their end")
    return not_met("CTX-SYMPTOM", "no neck, arm or cord problem documented")


@criterion("CTX-HX")
def relevant_history(case: Case) -> Finding:
    """Disc herniation, cervical stenosis or cord injury in the background; never decisive.

    Reads Condition, historical ones and sequelae included.
    """
    sets = ("VS-DISC", "VS-STENOSIS", "VS-SCI", "VS-SCI-SEQUELA")
    found = [e for e in case.facts.history(*sets) if not e.suspected]
    return when("CTX-HX", bool(found), evidence(found), "none recorded")


@criterion("HEAD-INDICATION")
def indication(case: Case) -> Finding:
    """A red flag, or symptoms beyond four to six weeks of conservative care: the headline."""
    found = [*case.red_flags(), *case.any_met("CONS-")]
    return when(
        "HEAD-INDICATION", bool(found), _of(case, found), "no red flag, no failed conservative care"
    )


@criterion("RF-ANY")
def any_red_flag(case: Case) -> Finding:
    """Any red flag fires; unknown ones do not (closed world)."""
    found = case.red_flags()
    return when("RF-ANY", bool(found), _of(case, found), "no red flag found")


def _of(case: Case, statements: list[str]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(e for s in statements for e in case.finding(s).evidence))


@criterion("EXT-AGE")
def not_an_adult(case: Case) -> Finding:
    """Younger than the age the criteria are meant for (age.adultMin).

    UNKNOWN without a birth date: the rules for adults are used. A partial date: the younger age.
    """
    if not case.config["ext.age"]:
        return switched_off("EXT-AGE", "ext.age")
    age = case.facts.person.age
    if age is None:
        return unknown("EXT-AGE", "no birth date: rules for adults used")
    limit: int = case.config["age.adultMin"]
    if age >= limit:
        return not_met("EXT-AGE", f"age {age}")
    patient = case.facts.received.patient
    reference = patient.reference if patient else "Patient"
    shown = Evidence(reference, "Age", None, f"{age} years", f"< {limit} years")
    return met("EXT-AGE", (shown,), age=str(age))


@criterion("EXT-LATERALITY")
def laterality(_case: Case) -> Finding:
    """The cervical spine is a midline structure: the side of the order is never asked for."""
    return not_met("EXT-LATERALITY", "the side of a midline structure is ignored")


@criterion("EXT-PAMA")
def rating_offered(case: Case) -> Finding:
    """Ratings in the form of the Argonaut guide are offered (ext.pama)."""
    return when("EXT-PAMA", bool(case.config["ext.pama"]), (), "switched off (ext.pama)")
