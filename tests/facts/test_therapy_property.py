"""Promises of D_cons that hold for every chart."""

import re

from chart import NECK_PAIN, ago, condition, procedure, resource
from hypothesis import given
from hypothesis import strategies as st
from samples import few
from treated import NONE_RECORDED, d_cons

DAYS = st.integers(0, 250)
WHOLE, MONTH, YEAR = 10, 7, 4


def interval(text):
    """(proven, possible) days; nothing recorded proves nothing."""
    if text == NONE_RECORDED:
        return 0, 0
    found = [int(n) for n in re.findall(r"\d+", text)]
    return found[0], found[-1]


@st.composite
def spans(draw):
    """(start, end) in days ago; an end of None goes on."""
    start = draw(DAYS)
    return start, draw(st.one_of(st.none(), st.integers(0, start)))


def therapy(start, end):
    state = "in-progress" if end is None else "completed"
    return procedure("sct|91251008", start=start, end=end, status=state)


def taken(start, end, status):
    period = {"start": start, "end": end} if end else {"start": start}
    return resource(
        "MedicationStatement",
        status=status,
        medicationCodeableConcept={"text": "naproxen"},
        effectivePeriod=period,
    )


@few
@given(st.lists(spans(), max_size=4))
def test_whole_dates_leave_nothing_open(chart):
    low, high = interval(d_cons(*(therapy(*s) for s in chart)))
    assert low == high


@few
@given(st.lists(spans(), max_size=4), spans())
def test_more_of_a_chain_that_reaches_today_never_shortens_it(chart, more):
    """A later treatment after a long gap starts a new chain; beside one that goes on it cannot."""
    treatments = [*(therapy(*s) for s in chart), therapy(20, None)]
    before, _ = interval(d_cons(*treatments))
    after, _ = interval(d_cons(*treatments, therapy(*more)))
    assert after >= before


@few
@given(st.lists(spans(), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_matter(chart, random):
    treatments = [therapy(*s) for s in chart]
    stirred = list(treatments)
    random.shuffle(stirred)
    assert d_cons(*treatments) == d_cons(*stirred)


@few
@given(
    spans(),
    st.sampled_from([MONTH, YEAR]),
    st.sampled_from([WHOLE, MONTH, YEAR]),
    st.sampled_from(["active", "completed"]),
)
def test_a_partial_date_allows_what_the_whole_one_says(span, start_form, end_form, status):
    start, end = ago(span[0]), ago(span[1]) if span[1] is not None else None
    exact = interval(d_cons(taken(start, end, status)))
    vague = interval(d_cons(taken(start[:start_form], end and end[:end_form], status)))
    assert vague[0] <= exact[0]
    assert exact[1] <= vague[1]


@few
@given(
    st.lists(spans(), max_size=3),
    st.lists(st.tuples(spans(), st.sampled_from([WHOLE, MONTH, YEAR])), max_size=3),
)
def test_what_is_proven_is_possible(chart, vague):
    medicines = [
        taken(ago(s)[:form], None if e is None else ago(e)[:form], "completed")
        for (s, e), form in vague
    ]
    low, high = interval(d_cons(*(therapy(*s) for s in chart), *medicines))
    assert 0 <= low <= high <= 180


@few
@given(st.lists(spans(), max_size=4), st.integers(0, 250))
def test_nobody_is_treated_longer_than_the_symptoms_last(chart, onset):
    text = d_cons(*(therapy(*s) for s in chart), pain=condition(NECK_PAIN, onset))
    assert interval(text)[1] <= onset
