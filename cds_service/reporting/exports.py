"""The report for programs: JSON after report.schema.json, and CSV for a table of any kind."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from cds_service.reporting.interval import Interval
from cds_service.reporting.model import Feedback, Group, Percentiles, Report, Tally

Json = dict[str, Any]
Line = tuple[str, str, str, Any]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is taken for a formula by spreadsheets (OWASP, CSV injection)."""


def json_text(report: Report) -> str:
    return json.dumps(as_json(report), indent=2, ensure_ascii=False) + "\n"


def as_json(report: Report) -> Json:
    """Begins with the figures most often asked for: plain numbers under `cards` and `feedback`."""
    return {
        "cards": {
            "issued": report.cards.issued,
            "byOutcome": {group.key: group.cards.issued for group in report.by_outcome},
            "byStatement": {each.id: each.cards.issued for each in report.by_statement},
            "byOverlay": {group.key: group.cards.issued for group in report.by_overlay},
        }
        | _answers(report.cards)
        | {"withoutUuid": report.without_uuid},
        "feedback": _feedback(report.feedback),
        "span": {
            "from": report.start and report.start.date().isoformat(),
            "to": report.last_day and report.last_day.isoformat(),
            "client": report.client,
            "madeAt": report.made_at.isoformat(timespec="seconds"),
        },
        "orders": {
            "evaluated": report.orders.evaluated,
            "silent": report.orders.silent,
            "notRated": report.orders.not_rated,
            "notRatedInterval": _interval(report.orders.not_rated_interval),
            "byOutcome": report.orders.outcomes,
            "missing": [msgspec.to_builtins(each) for each in report.orders.missing],
        },
        "outcomes": [_group("outcome", group) for group in report.by_outcome],
        "overlays": [_group("overlay", group) for group in report.by_overlay],
        "statements": [
            {"statement": each.id} | _tally(each.cards) | {"overriddenByReason": each.reasons}
            for each in report.by_statement
        ],
        "clients": [_group("client", group) for group in report.by_client],
        "weeks": [
            {"start": week.start.isoformat(), "orders": week.orders, "notRated": week.not_rated}
            | _tally(week.cards)
            for week in report.weeks
        ],
        "versions": [
            {
                "version": each.version,
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
                "orders": each.orders,
                "notRated": each.not_rated,
            }
            | _tally(each.cards)
            for each in report.versions
        ],
        "suggestions": [msgspec.to_builtins(each) for each in report.suggestions],
        "reasons": [msgspec.to_builtins(each) for each in report.feedback.reasons],
        "timing": {
            "calls": report.timing.calls,
            "evaluateMs": _percentiles(report.timing.evaluate),
            "totalMs": _percentiles(report.timing.total),
        },
        "candidates": [msgspec.to_builtins(each) for each in report.candidates],
    }


def _feedback(feedback: Feedback) -> Json:
    by_code: Counter[str] = Counter()
    for reason in feedback.reasons:
        if reason.code is not None:
            by_code[reason.code] += reason.events
    return {
        "events": feedback.events,
        "accepted": feedback.accepted,
        "overridden": feedback.overridden,
        "byReason": dict(by_code),
        "quarantined": sum(feedback.quarantined.values()),
        "withoutReason": feedback.overridden - by_code.total(),
        "withoutCard": feedback.without_card,
        "quarantinedByCause": feedback.quarantined,
    }


def _answers(cards: Tally) -> Json:
    return {
        "accepted": cards.accepted,
        "overridden": cards.overridden,
        "dismissed": cards.dismissed,
        "unanswered": cards.unanswered,
    }


def _tally(cards: Tally) -> Json:
    rate = {"overrideRate": cards.override_rate, "interval": _interval(cards.override_interval)}
    return {"issued": cards.issued} | _answers(cards) | rate


def _group(name: str, group: Group) -> Json:
    return {name: group.key} | _tally(group.cards)


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _percentiles(found: Percentiles | None) -> Json | None:
    return None if found is None else msgspec.to_builtins(found)


def csv_text(report: Report) -> str:
    """One figure a line: section, key, measure, value. UTF-8, RFC 4180."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("section", "key", "measure", "value"))
    for line in _lines(as_json(report)):
        writer.writerow([_cell(each) for each in line])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return round(value, 6) if isinstance(value, float) else value


_KEYS: Final = {
    "outcomes": "outcome",
    "overlays": "overlay",
    "statements": "statement",
    "clients": "client",
    "weeks": "start",
    "versions": "version",
    "suggestions": "name",
    "candidates": "statement",
}
"""Lists of the JSON form, and the member that names an entry."""


def _lines(report: Json) -> Iterator[Line]:
    for section, found in report.items():
        if section == "reasons":
            for each in found:
                code = each["code"] or "(none)"
                key = f"{each['system']}|{code}" if each["system"] else code
                yield section, key, each["display"], each["events"]
        elif isinstance(found, list):
            for each in found:
                key = each[_KEYS[section]]
                yield from _members(section, key, each, skip=_KEYS[section])
        else:
            yield from _members(section, "", found)


def _members(section: str, key: str, members: Json, skip: str = "") -> Iterator[Line]:
    for measure, value in members.items():
        if measure == skip or value is None:
            continue
        if measure in ("interval", "notRatedInterval"):
            yield section, key, f"{measure} low", value[0]
            yield section, key, f"{measure} high", value[1]
        elif measure == "missing":
            for each in value:
                yield section, each["question"], "orders that lack it", each["orders"]
                yield section, each["question"], "share of those not rated", each["share"]
        elif isinstance(value, dict):
            yield from _inner(section, key, measure, value.items())
        else:
            yield section, key, measure, value


def _inner(
    section: str, key: str, measure: str, found: Iterable[tuple[str, Any]]
) -> Iterator[Line]:
    for name, value in found:
        # Within a section of its own the inner name is the key; within an entry it is the measure.
        yield (
            (section, name, measure, value)
            if not key
            else (
                section,
                key,
                f"{measure}: {name}",
                value,
            )
        )
