"""D_cons as a test reads it: the duration the criteria see, or why there is none."""

from chart import NECK_PAIN, condition, finding

PAIN = condition(NECK_PAIN, 400)
THERAPY = "sct|91251008"
NONE_RECORDED = "no conservative treatment recorded"
NONE_STATED = "no conservative treatment, as stated"


def d_cons(*chart, pain=PAIN, **rest):
    """`30 days`, `0–30 days`, `at least 30 days`, or the reason why nothing can be said."""
    found = finding("CONS-6WK", *([pain] if pain else []), *chart, **rest)
    totals = [e.value for e in found.evidence if e.display == "Conservative treatment in all"]
    return totals[0] if totals else found.reason
