"""A report as a hospital may get it: half a year, twenty statements, two versions of the rules.

    PYTHONPATH=.:tests python -m sample_report > report.html

The numbers are drawn from a fixed seed and fit together as those of a store do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

from cds_service.reporting.model import (
    Feedback,
    Group,
    Missing,
    Orders,
    Percentiles,
    Reason,
    Report,
    Statement,
    Suggestion,
    Tally,
    Timing,
    Version,
    Week,
)
from cds_service.reporting.review import candidates

FIRST = date(2026, 3, 30)
WEEKS = 26
CHANGED = date(2026, 7, 8)
VERSIONS = ("0.1.0+5d4c1f0a92be", "0.2.0+b07731ce48aa.opt-4f2ac1")
NOT_RATED = "INSUFFICIENT"

# Share of orders, of cards answered, and of answered cards put aside.
OUTCOMES = {
    "MRI_EMERGENT": (0.03, 0.72, 0.08),
    "MRI_URGENT": (0.06, 0.60, 0.12),
    "MRI_ROUTINE": (0.34, 0.10, 0.10),
    "MRI_MAY": (0.10, 0.22, 0.21),
    "NOT_YET": (0.22, 0.48, 0.46),
    "CT_FIRST": (0.05, 0.52, 0.30),
    "DUPLICATE": (0.04, 0.61, 0.38),
    NOT_RATED: (0.13, 0.34, 0.66),
    "NO_CRITERIA": (0.03, 0.20, 0.55),
}
STATEMENTS = {
    "MRI_EMERGENT": ("RF-MYELO-GAIT", "RF-MYELO-BB", "RF-MYELO-HAND", "EXT-EMERG"),
    "MRI_URGENT": ("RF-NEURO-MOTOR", "RF-INFECT-FEVER", "RF-SYS-MALIG", "RF-INFECT-LAB"),
    "MRI_ROUTINE": ("CONS-6WK", "SUP-ROOT", "RF-NEURO-SENS", "POSTOP-MRI-NEXT"),
    "MRI_MAY": ("CONS-4WK", "EXT-RADICULAR"),
    "NOT_YET": ("NOT-ACUTE", "NOT-MECH", "NOT-NORMALEXAM"),
    "CT_FIRST": ("TRAUMA-CT-INITIAL", "CT-OSSIFIED"),
    "DUPLICATE": ("EXT-DUP-RECENT", "EXT-DUP-PENDING"),
}
MISSING = {
    "neurological examination": 0.62,
    "conservative therapy": 0.47,
    "onset of the symptoms": 0.21,
    "earlier imaging of the cervical spine": 0.11,
    "laboratory results": 0.05,
}
REASONS = (
    ("local", "red-flag-not-coded", "A red flag is present but not coded", 0.34),
    ("standard", "action-completed", "Conservative treatment was done elsewhere", 0.27),
    ("local", "specialist-planning", "Specialist request or surgical planning", 0.2),
    ("local", "patient-preference", "Patient preference after discussion", 0.12),
    ("local", "other", "Other reason", 0.07),
)
OVERLAYS = ("EXT-CONTRAST-NONE", "EXT-MRS-CIED", "EXT-GAD-EGFR")

_Fates = Counter[str]


def tally(fates: Mapping[str, int]) -> Tally:
    names = ("accepted", "overridden", "dismissed", "unanswered")
    parts = [fates.get(name, 0) for name in names]
    return Tally(sum(parts), *parts)


def sample_report(seed: int = 3) -> Report:
    random = Random(seed)
    by_outcome: dict[str, _Fates] = {name: Counter() for name in OUTCOMES}
    by_statement: dict[str, _Fates] = {}
    reasons_of: dict[str, Counter[str]] = {}
    by_week: list[_Fates] = [Counter() for _ in range(WEEKS)]
    by_version: list[_Fates] = [Counter(), Counter()]
    by_client: dict[str, _Fates] = {"main-hospital": Counter(), "north-clinic": Counter()}
    by_overlay: dict[str, _Fates] = {name: Counter() for name in OVERLAYS}
    outcomes: Counter[str] = Counter()
    weekly: list[Counter[str]] = [Counter() for _ in range(WEEKS)]
    versioned: list[Counter[str]] = [Counter(), Counter()]
    reasons: Counter[int] = Counter()
    missing: Counter[str] = Counter()
    silent = 0
    every: _Fates = Counter()

    for at in range(WEEKS):
        for _ in range(round(random.gauss(70 if at not in (1, 8, 20) else 42, 7))):
            day = FIRST + timedelta(
                days=7 * at + random.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6))
            )
            later = int(day >= CHANGED)
            shares = [
                share * (0.6 if later and name == NOT_RATED else 1)
                for name, (share, _, _) in OUTCOMES.items()
            ]
            (outcome,) = random.choices(list(OUTCOMES), shares)
            outcomes[outcome] += 1
            for counter in (weekly[at], versioned[later]):
                counter["orders"] += 1
                counter["not rated"] += outcome == NOT_RATED
            if outcome == NOT_RATED:
                found = [name for name, chance in MISSING.items() if random.random() < chance]
                missing.update(found or ["neurological examination"])
            if outcome == "MRI_ROUTINE" and random.random() < 0.8:
                silent += 1
                continue
            _, answers, rejects = OUTCOMES[outcome]
            rejects *= 0.7 if later and outcome == "NOT_YET" else 1
            fired = _fired(random, outcome)
            if "NOT-NORMALEXAM" in fired:
                rejects = 0.82
            fate, reason = _fate(random, answers, rejects)
            client = "north-clinic" if random.random() < 0.22 else "main-hospital"
            groups = [by_outcome[outcome], *(by_statement.setdefault(i, Counter()) for i in fired)]
            shared = [by_week[at], by_version[later], by_client[client], every]
            for fates in (*groups, *shared):
                fates[fate] += 1
            if reason is not None:
                reasons[reason] += 1
                for name in fired:
                    reasons_of.setdefault(name, Counter())[REASONS[reason][1]] += 1
            if random.random() < 0.05:
                overlay = random.choice(OVERLAYS)
                fate, _ = _fate(random, 0.3, 0.2)
                for fates in (by_overlay[overlay], *shared):
                    fates[fate] += 1
    by_statement["POSTOP-HARDWARE-CT"] = Counter(unanswered=3)

    orders = sum(outcomes.values())
    not_rated = outcomes[NOT_RATED]
    statements = tuple(
        Statement(name, tally(fates), _by_number(reasons_of, name))
        for name, fates in sorted(by_statement.items())
    )
    without_reason = every["dismissed"]
    return Report(
        made_at=datetime(2026, 10, 1, 6, 30, tzinfo=UTC),
        start=datetime.combine(FIRST, datetime.min.time(), UTC),
        end=datetime.combine(FIRST + timedelta(weeks=WEEKS), datetime.min.time(), UTC),
        client=None,
        orders=Orders(
            evaluated=orders,
            silent=silent,
            not_rated=not_rated,
            outcomes=dict(outcomes.most_common()),
            missing=tuple(
                Missing(name, number, number / not_rated) for name, number in missing.most_common()
            ),
        ),
        cards=tally(every),
        without_uuid=21,
        by_outcome=_groups((name, by_outcome[name]) for name, _ in outcomes.most_common()),
        by_overlay=_groups(by_overlay.items()),
        by_statement=statements,
        by_client=_groups(by_client.items()),
        weeks=tuple(
            Week(
                FIRST + timedelta(weeks=at),
                weekly[at]["orders"],
                weekly[at]["not rated"],
                tally(fates),
            )
            for at, fates in enumerate(by_week)
        ),
        versions=tuple(
            Version(
                name,
                FIRST if not at else CHANGED,
                CHANGED - timedelta(days=1) if not at else FIRST + timedelta(days=7 * WEEKS - 1),
                versioned[at]["orders"],
                versioned[at]["not rated"],
                tally(by_version[at]),
            )
            for at, name in enumerate(VERSIONS)
        ),
        suggestions=(
            Suggestion("replace-with-physical-therapy", 402, 61),
            Suggestion("raise-priority", 171, 88),
            Suggestion("remove-order", 74, 17),
            Suggestion("replace-with-ct", 66, 23),
            Suggestion("change-contrast", 31, 12),
            Suggestion("add-ct", 0, 0),
        ),
        feedback=Feedback(
            events=every["accepted"] + every["overridden"] + without_reason + 9,
            accepted=every["accepted"] + 4,
            overridden=every["overridden"] + without_reason + 5,
            reasons=(
                *(
                    Reason(REASONS[at][0], REASONS[at][1], REASONS[at][2], number)
                    for at, number in reasons.most_common()
                ),
                Reason(None, None, "No reason was given", without_reason + 5),
            ),
            without_card=2,
            quarantined={"card": 14, "time": 1},
        ),
        timing=Timing(
            orders, Percentiles(3.1, 6.4, 9.8, 41.2), Percentiles(12.4, 212.5, 387.0, 1204.3)
        ),
        candidates=candidates(statements),
    )


def _fired(random: Random, outcome: str) -> list[str]:
    names = STATEMENTS.get(outcome, ())
    if not names:
        return []
    (first,) = random.choices(names, range(len(names), 0, -1))
    second = random.choice(names)
    return [first] if second == first or random.random() < 0.6 else [first, second]


def _fate(random: Random, answers: float, rejects: float) -> tuple[str, int | None]:
    """What became of a card, and the reason (a place in REASONS) when one was given."""
    if random.random() > answers:
        return "unanswered", None
    if random.random() > rejects:
        return "accepted", None
    if random.random() < 0.3:
        return "dismissed", None
    (reason,) = random.choices(range(len(REASONS)), [chance for *_, chance in REASONS])
    return "overridden", reason


def _by_number(reasons_of: Mapping[str, Counter[str]], name: str) -> dict[str, int]:
    return dict(reasons_of.get(name, Counter[str]()).most_common())


def _groups(found: Iterable[tuple[str, _Fates]]) -> tuple[Group, ...]:
    return tuple(Group(name, tally(fates)) for name, fates in found)


if __name__ == "__main__":
    import sys

    from cds_service.content.folders import knowledge_dir
    from cds_service.rendering.library import load_statements
    from cds_service.reporting.html import render

    titles = {name: each.title for name, each in load_statements(knowledge_dir()).items()}
    sys.stdout.write(render(sample_report(), titles))
