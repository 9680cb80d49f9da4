"""The report for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from cds_service.reporting.interval import Interval
from cds_service.reporting.model import Group, Report, Tally

WIDTH: Final = 96
_KEY: Final = 44
_ANSWERS: Final = ("issued", "accepted", "overridden", "dismissed", "unanswered", "override rate")

Cells = Sequence[str]


def render(report: Report) -> str:
    """Plain text of at most WIDTH columns; tables without rows are left out."""
    parts = [
        _head(report),
        _candidates(report),
        _orders(report),
        _cards(report),
        _table(("Primary cards by outcome", *_ANSWERS), _groups(report.by_outcome)),
        _table(("Overlay cards", *_ANSWERS), _groups(report.by_overlay)),
        _statements(report),
        _table(("By client", *_ANSWERS), _groups(report.by_client)),
        _versions(report),
        _weeks(report),
        _table(
            ("Suggestions", "offered", "accepted", "share"),
            [
                (
                    each.name,
                    _n(each.offered),
                    _n(each.accepted),
                    _share(each.accepted, each.offered),
                )
                for each in report.suggestions
            ],
        ),
        _feedback(report),
        _timing(report),
        _NOTES,
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(report: Report) -> list[str]:
    first = "the first" if report.start is None else report.start.date()
    clients = "all clients" if report.client is None else f"client {report.client}"
    return [
        f"Cards issued from {first} to {report.last_day or 'the last'}, {clients}",
        f"made {report.made_at:%Y-%m-%d %H:%M} UTC",
    ]


def _candidates(report: Report) -> list[str]:
    if not report.candidates:
        return ["Candidates for review: none"]
    lines = ["Candidates for review"]
    for each in report.candidates:
        lines += _wrap(f"{each.statement}: {each.why}", "  ", "    ")
    return lines


def _orders(report: Report) -> list[str]:
    orders = report.orders
    share = _rate(orders.not_rated, orders.evaluated, orders.not_rated_interval)
    lines = _pairs(
        "Orders",
        [
            ("evaluated", _n(orders.evaluated), ""),
            ("nothing was said", _n(orders.silent), _share(orders.silent, orders.evaluated)),
            ("could not be rated", _n(orders.not_rated), share),
        ],
    )
    lines += _pairs(
        "  by outcome",
        [
            (f"  {outcome}", _n(number), _share(number, orders.evaluated))
            for outcome, number in orders.outcomes.items()
        ],
    )
    if orders.missing:
        lines.append(
            "  what was missing where no rating could be given (an order may lack several)"
        )
        for each in orders.missing:
            lines += _wrap(
                f"{_n(each.orders):>11} {each.share:>6.1%}  {each.question}", "", " " * 20
            )
    return lines


def _cards(report: Report) -> list[str]:
    lines = _table(("Cards", *_ANSWERS), [("all", *_answers(report.cards))])
    without = _pairs("", [("sent without a uuid, in no other figure", _n(report.without_uuid), "")])
    return [*lines, *without[1:]]


def _statements(report: Report) -> list[str]:
    lines = _table(
        ("By statement", *_ANSWERS),
        [(each.id, *_answers(each.cards)) for each in report.by_statement],
    )
    given = [each for each in report.by_statement if each.reasons]
    if given:
        lines += ["", "Overridden cards by statement and reason"]
    for each in given:
        said = ", ".join(f"{code} {_n(number)}" for code, number in each.reasons.items())
        lines += _wrap(f"{each.id}: {said}", "  ", "    ")
    return lines


def _versions(report: Report) -> list[str]:
    head = ("By version of the rules", "orders", "not rated", "issued", "override rate")
    lines = _table(
        head,
        [
            (
                each.version,
                _n(each.orders),
                _share(each.not_rated, each.orders),
                _n(each.cards.issued),
                _override(each.cards),
            )
            for each in report.versions
        ],
    )
    used = [f"    in use {each.first} to {each.last} (UTC)" for each in report.versions]
    return [*lines[:1], *(line for pair in zip(lines[1:], used, strict=True) for line in pair)]


def _weeks(report: Report) -> list[str]:
    head = ("Week from Monday", "orders", "not rated", "issued", "accepted", "override rate")
    return _table(
        head,
        [
            (
                f"{week.start}",
                _n(week.orders),
                _share(week.not_rated, week.orders),
                _n(week.cards.issued),
                _n(week.cards.accepted),
                _override(week.cards),
            )
            for week in report.weeks
        ],
    )


def _feedback(report: Report) -> list[str]:
    found = report.feedback
    lines = _pairs(
        "Feedback events",
        [
            ("on cards of ours", _n(found.events), ""),
            ("accepted", _n(found.accepted), _share(found.accepted, found.events)),
            ("overridden", _n(found.overridden), _share(found.overridden, found.events)),
        ],
    )
    lines += _pairs(
        "",
        [
            (f"  {each.display}", _n(each.events), _share(each.events, found.overridden))
            for each in found.reasons
        ],
    )[1:]
    lines += _pairs(
        "",
        [
            ("of these on cards without a row", _n(found.without_card), ""),
            ("set apart, counted nowhere", _n(sum(found.quarantined.values())), ""),
            *((f"  {why}", _n(number), "") for why, number in found.quarantined.items()),
        ],
    )[1:]
    return lines


def _timing(report: Report) -> list[str]:
    timing = report.timing
    rows = [
        (name, *(f"{each:,.1f}" for each in (found.p50, found.p95, found.p99, found.longest)))
        for name, found in (("criteria and cards", timing.evaluate), ("whole call", timing.total))
        if found is not None
    ]
    return _table(
        (f"Milliseconds of {_n(timing.calls)} calls", "p50", "p95", "p99", "longest"), rows
    )


_NOTES: Final = [
    "A card counts once: accepted, else overridden (a reason was given), else dismissed. The override",
    "rate is overridden and dismissed of all answered, with its 95 % Wilson interval. Cards by",
    "statement add up to more than all cards: several statements may fire on one.",
]


def _groups(groups: Iterable[Group]) -> list[Cells]:
    return [(group.key, *_answers(group.cards)) for group in groups]


def _answers(cards: Tally) -> Cells:
    numbers = (cards.issued, cards.accepted, cards.overridden, cards.dismissed, cards.unanswered)
    return (*(_n(number) for number in numbers), _override(cards))


def _override(cards: Tally) -> str:
    return _rate(cards.put_aside, cards.answered, cards.override_interval)


def _rate(hits: int, of: int, interval: Interval | None) -> str:
    if not of:
        return "–"
    between = "" if interval is None else f" ({100 * interval.low:.0f}–{100 * interval.high:.0f})"
    return f"{hits / of:.1%}{between}"


def _share(hits: int, of: int) -> str:
    return f"{hits / of:.1%}" if of else "–"


def _n(number: int) -> str:
    return f"{number:,}"


def _pairs(title: str, rows: Iterable[tuple[str, str, str]]) -> list[str]:
    found = [f"  {name:<{_KEY}} {number:>11}  {more}".rstrip() for name, number, more in rows]
    return [title, *found] if found else []


def _table(head: Cells, rows: Sequence[Cells]) -> list[str]:
    """The first column to the left, the others to the right; nothing without rows."""
    if not rows:
        return []
    keys = [f"  {row[0]}" for row in rows]
    first = max(len(text) for text in (head[0], *keys))
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(1, len(head))]

    def line(key: str, cells: Cells) -> str:
        filled = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        return "  ".join((f"{key:<{first}}", *filled)).rstrip()

    body = [line(key, row[1:]) for key, row in zip(keys, rows, strict=True)]
    return [line(head[0], head[1:]), *body]


def _wrap(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)
