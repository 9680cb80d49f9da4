"""Which medicines are conservative treatment, and for how long: prescribed, taken, given, dispensed."""

import pytest
from chart import ago, concept, condition, quantity, resource
from treated import NONE_RECORDED, d_cons

NAPROXEN = concept("rx|7258")
IN_WORDS = {"text": "Naproxen 500 MG Oral Tablet"}


def prescribed(status="active", *, authored=30, **more):
    members = {
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": NAPROXEN,
        "authoredOn": ago(authored),
    }
    return resource("MedicationRequest", **(members | more))


def supply(days, repeats=None, unit="d"):
    found = {"expectedSupplyDuration": quantity(days, unit), "numberOfRepeatsAllowed": repeats}
    return {"dispenseRequest": {k: v for k, v in found.items() if v is not None}}


def bounds(*periods):
    """One dosage instruction for each (start, end) in days ago."""
    dosages = []
    for start, end in periods:
        period = {k: ago(v) for k, v in (("start", start), ("end", end)) if v is not None}
        dosages.append({"timing": {"repeat": {"boundsPeriod": period}}})
    return {"dosageInstruction": dosages}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(prescribed(), "30 days", id="active: until today"),
        pytest.param(prescribed("completed"), "14–30 days", id="completed: 14 days by default"),
        pytest.param(prescribed("stopped"), "14–30 days", id="stopped, nobody wrote down when"),
        pytest.param(prescribed("completed", authored=10), "10 days", id="no longer than today"),
        pytest.param(prescribed(**supply(10)), "10 days", id="as long as the supply"),
        pytest.param(prescribed(**supply(10, 1)), "20 days", id="one repeat doubles it"),
        pytest.param(prescribed(**supply(10, 9)), "30 days", id="repeats end today"),
        pytest.param(prescribed(**supply(2, unit="wk")), "14 days", id="a supply of two weeks"),
        pytest.param(prescribed(**supply(20, -1)), "20 days", id="a negative count of repeats"),
        pytest.param(prescribed(**supply(20, unit="tablet")), "30 days", id="a supply in tablets"),
        pytest.param(prescribed(**supply(-20)), "30 days", id="a negative supply"),
        pytest.param(prescribed(**supply(99999)), "30 days", id="an impossible supply"),
        pytest.param(prescribed(dispenseRequest={}), "30 days", id="a dispense without a supply"),
        pytest.param(prescribed(**bounds((20, 5))), "15 days", id="as the dosage is bounded"),
        pytest.param(
            prescribed(**bounds((20, None))), "20 days", id="a start later than the order"
        ),
        pytest.param(
            prescribed(**bounds((20, None)), **supply(8)), "8 days", id="a start and a supply"
        ),
        pytest.param(
            prescribed(**bounds((None, 5)), **supply(8)), "25 days", id="an end beats a supply"
        ),
        pytest.param(
            prescribed(**bounds((30, 15), (15, 2))), "28 days", id="two instructions, one course"
        ),
        pytest.param(prescribed(**bounds((-5, -9))), NONE_RECORDED, id="begins next week"),
        pytest.param(
            prescribed(dosageInstruction=[{}, {"timing": {}}, {"timing": {"repeat": {}}}]),
            "30 days",
            id="instructions without bounds",
        ),
        pytest.param(prescribed(id=None), "30 days", id="no id"),
        pytest.param(prescribed(authoredOn="2026-02"), "2–29 days", id="written in February"),
        pytest.param(
            prescribed(authoredOn="2026-01", **supply(40)),
            "10–60 days",
            id="a supply since January",
        ),
    ],
)
def test_how_long_a_prescription_lasts(item, expected):
    assert d_cons(item) == expected


def test_the_default_length_is_a_setting():
    """cons.defaultRxDays."""
    assert d_cons(prescribed("completed"), options={"cons.defaultRxDays": 28}) == "28–30 days"


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"status": "cancelled"}, id="cancelled"),
        pytest.param({"status": "draft"}, id="a draft"),
        pytest.param({"status": "on-hold"}, id="on hold"),
        pytest.param({"status": "entered-in-error"}, id="entered in error"),
        pytest.param({"intent": "plan"}, id="a plan"),
        pytest.param({"intent": "proposal"}, id="a proposal"),
        pytest.param({"intent": None}, id="no intent"),
        pytest.param({"doNotPerform": True}, id="not to be taken"),
        pytest.param({"authoredOn": None}, id="undated"),
        pytest.param({"medicationCodeableConcept": None}, id="no medicine"),
    ],
)
def test_prescriptions_that_do_not_count(members):
    assert d_cons(prescribed(**members)) == NONE_RECORDED


@pytest.mark.parametrize("intent", ["original-order", "reflex-order", "filler-order"])
def test_orders_that_count(intent):
    assert d_cons(prescribed(intent=intent)) == "30 days"


@pytest.mark.parametrize(
    ("medicine", "counts"),
    [
        pytest.param(NAPROXEN, True, id="an ingredient by its code"),
        pytest.param(concept("rx|161"), True, id="acetaminophen"),
        pytest.param(concept("rx|8640"), True, id="prednisone"),
        pytest.param(concept("rx|25480"), True, id="gabapentin"),
        pytest.param(IN_WORDS, True, id="a drug by the word of its ingredient"),
        pytest.param(
            {"coding": [{"code": "X1", "display": "CYCLOBENZAPRINE HCL 10MG TAB"}]},
            True,
            id="a word in the display",
        ),
        pytest.param({"text": "acetaminophen / codeine"}, True, id="with an opioid"),
        pytest.param({"text": "codeine phosphate"}, False, id="an opioid alone"),
        pytest.param(concept("rx|1191"), False, id="aspirin"),
        pytest.param({"text": "aspirin 81 mg"}, False, id="aspirin in words"),
        pytest.param({"text": "naproxens"}, False, id="no word of the list"),
        pytest.param({"text": "pain killer"}, False, id="no ingredient"),
        pytest.param({}, False, id="nothing said"),
        pytest.param({"text": "diclofenac 1 % topical gel"}, False, id="a gel"),
        pytest.param({"text": "ibuprofen 200 MG Liqui-Gel"}, True, id="a gel that is swallowed"),
        pytest.param({"text": "ketorolac ophthalmic solution"}, False, id="for the eye"),
        pytest.param({"text": "diclofenac epolamine patch"}, False, id="a patch"),
        pytest.param(concept("rx|3355", "diclofenac topical gel"), False, id="a coded gel"),
        pytest.param(
            {"text": "diclofenac", "coding": [{"code": "X1", "display": "Diclofenac 1 % gel"}]},
            False,
            id="a gel by its display only",
        ),
    ],
)
def test_which_medicines_count(medicine, counts):
    expected = "30 days" if counts else NONE_RECORDED
    assert d_cons(prescribed(medicationCodeableConcept=medicine)) == expected


@pytest.mark.parametrize(
    ("route", "counts"),
    [
        pytest.param({"text": "Topical"}, False, id="to the skin"),
        pytest.param({"coding": [{"code": "1", "display": "Topical route"}]}, False, id="coded"),
        pytest.param({"text": "oral"}, True, id="by mouth"),
        pytest.param({}, True, id="not said"),
    ],
)
def test_the_route(route, counts):
    item = prescribed(dosageInstruction=[{"route": route}])
    assert d_cons(item) == ("30 days" if counts else NONE_RECORDED)


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        pytest.param("icd|M54.12", True, id="for the neck"),
        pytest.param("icd|M10.9", False, id="for gout"),
        pytest.param("icd|M54.16", False, id="for the lower back"),
    ],
)
def test_the_reason_of_a_medicine(reason, counts):
    why = condition(reason, 30, id="why")
    expected = "30 days" if counts else NONE_RECORDED
    assert d_cons(prescribed(reasonCode=[concept(reason)])) == expected
    assert d_cons(why, prescribed(reasonReference=[{"reference": "Condition/why"}])) == expected


MEDICINE = {"resourceType": "Medication", "id": "m", "code": IN_WORDS}


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param(("Medication/m", MEDICINE), "30 days", id="sent beside it"),
        pytest.param(("Medication/other", MEDICINE), NONE_RECORDED, id="another medicine"),
        pytest.param(("Medication/m",), NONE_RECORDED, id="not sent"),
        pytest.param(("#m",), "30 days", id="contained"),
        pytest.param(("#other",), NONE_RECORDED, id="contained under another id"),
        pytest.param((None,), NONE_RECORDED, id="by identifier only"),
    ],
)
def test_a_medicine_by_reference(chart, expected):
    reference, *sent = chart
    item = prescribed(
        medicationCodeableConcept=None,
        medicationReference={"reference": reference} if reference else {},
        contained=[MEDICINE] if reference and reference.startswith("#") else None,
    )
    assert d_cons(item, *sent) == expected


def test_a_reference_to_nothing_contained():
    item = prescribed(medicationCodeableConcept=None, medicationReference={"reference": "#m"})
    assert d_cons(item) == NONE_RECORDED


def taken(kind, status, **more):
    return resource(kind, **({"status": status, "medicationCodeableConcept": NAPROXEN} | more))


SPAN = {"effectivePeriod": {"start": ago(30), "end": ago(10)}}
OPEN = {"effectivePeriod": {"start": ago(30)}}
MOMENT = {"effectiveDateTime": ago(30)}
HANDED = {"whenHandedOver": ago(30)}
TWENTY = {"daysSupply": quantity(20, "d")}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(taken("MedicationStatement", "active", **OPEN), "30 days", id="still taken"),
        pytest.param(taken("MedicationStatement", "completed", **SPAN), "20 days", id="taken"),
        pytest.param(
            taken("MedicationStatement", "stopped", **OPEN), "0–30 days", id="stopped some day"
        ),
        pytest.param(
            taken("MedicationStatement", "active", **MOMENT),
            "0–30 days",
            id="taken on a day, perhaps since",
        ),
        pytest.param(
            taken("MedicationStatement", "completed", **MOMENT), "0 days", id="taken on one day"
        ),
        pytest.param(taken("MedicationStatement", "not-taken", **SPAN), NONE_RECORDED, id="not"),
        pytest.param(taken("MedicationStatement", "intended", **SPAN), NONE_RECORDED, id="planned"),
        pytest.param(taken("MedicationStatement", "active"), NONE_RECORDED, id="undated"),
        pytest.param(
            taken("MedicationStatement", "active", **OPEN, dosage=[{"route": {"text": "topical"}}]),
            NONE_RECORDED,
            id="on the skin",
        ),
        pytest.param(
            taken("MedicationStatement", "active", **OPEN, reasonCode=[concept("icd|M10.9")]),
            NONE_RECORDED,
            id="taken for gout",
        ),
        pytest.param(taken("MedicationAdministration", "completed", **SPAN), "20 days", id="given"),
        pytest.param(
            taken("MedicationAdministration", "in-progress", **OPEN), "30 days", id="being given"
        ),
        pytest.param(
            taken("MedicationAdministration", "completed", **MOMENT), "0 days", id="given once"
        ),
        pytest.param(
            taken("MedicationAdministration", "not-done", **SPAN), NONE_RECORDED, id="not given"
        ),
        pytest.param(
            taken("MedicationAdministration", "completed", **SPAN)
            | {"medicationCodeableConcept": concept("rx|1191")},
            NONE_RECORDED,
            id="aspirin given",
        ),
        pytest.param(
            taken("MedicationDispense", "completed", **HANDED, **TWENTY), "20 days", id="dispensed"
        ),
        pytest.param(
            taken("MedicationDispense", "completed", **HANDED), "0–30 days", id="supply not stated"
        ),
        pytest.param(
            taken("MedicationDispense", "completed", **TWENTY), NONE_RECORDED, id="no hand-over"
        ),
        pytest.param(
            taken("MedicationDispense", "cancelled", **HANDED, **TWENTY),
            NONE_RECORDED,
            id="never dispensed",
        ),
        pytest.param(
            taken("MedicationDispense", "completed", **HANDED, **TWENTY)
            | {"medicationCodeableConcept": concept("rx|1191")},
            NONE_RECORDED,
            id="aspirin dispensed",
        ),
        pytest.param(
            taken(
                "MedicationDispense",
                "completed",
                **HANDED,
                **TWENTY,
                dosageInstruction=[{"route": {"text": "topical"}}],
            ),
            NONE_RECORDED,
            id="dispensed for the skin",
        ),
    ],
)
def test_medicines_taken_given_and_dispensed(item, expected):
    assert d_cons(item) == expected
