"""The drawings of a report with a row for each key; trend.py has the one over time."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from cds_service.reporting.model import Group, Missing, Statement, Tally
from cds_service.reporting.page.drawing import COLOURS, FONT, canvas, finish
from cds_service.reporting.page.words import (
    OUTCOMES,
    between,
    clean,
    count,
    percent,
    share,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE: Final = 800
NARROW: Final = 340
MOST: Final = 30
"""Rows of a drawing; more would not fit on a sheet of paper."""
_FATES: Final = ("accepted", "overridden", "dismissed", "unanswered")
_WORDS: Final = dict(zip(_FATES, ("accepted", "overridden", "dismissed", "no answer"), strict=True))


def both(draw: Any, name: str, *given: Any) -> Markup:
    """A drawing made twice, for wide and for narrow pages; style.css shows one of them."""
    wide = draw(f"{name}-wide", WIDE, *given)
    narrow = draw(f"{name}-narrow", NARROW, *given)
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(wide, narrow)


def outcomes(name: str, width: int, groups: Sequence[Group]) -> Markup:
    """What became of the primary cards of each outcome, as shares that add up to all of them."""
    groups = [group for group in groups if group.cards.issued][:MOST]
    with canvas(width, 70 + 30 * len(groups)) as figure:
        axes = figure.add_subplot()
        left = [0.0] * len(groups)
        for fate in _FATES:
            parts = [getattr(group.cards, fate) for group in groups]
            shares = [part / group.cards.issued for part, group in zip(parts, groups, strict=True)]
            axes.barh(
                range(len(groups)),
                shares,
                left=left,
                height=0.72,
                color=COLOURS[fate],
                edgecolor=COLOURS["paper"],
                linewidth=1,
                label=_WORDS[fate],
            )
            for at, (part, size) in enumerate(zip(parts, shares, strict=True)):
                # Only where the number has room: about half of the width is the bars'.
                if size * width * 0.55 > 8 + 7.5 * len(count(part)):
                    axes.text(
                        left[at] + size / 2,
                        at,
                        count(part),
                        ha="center",
                        va="center_baseline",
                        color=COLOURS[f"on-{fate}"],
                    )
            left = [start + size for start, size in zip(left, shares, strict=True)]
        _rows(axes, [_label(OUTCOMES.get(group.key, group.key), width) for group in groups])
        _at_the_end(axes, [count(group.cards.issued) for group in groups], "cards")
        _shares(axes)
        axes.grid(visible=False)
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside upper left",
            ncols=4 if width == WIDE else 2,
            handlelength=1,
            handleheight=1,
        )
        said = "; ".join(
            f"{OUTCOMES.get(group.key, group.key)}: {_fates(group.cards)}" for group in groups
        )
        return finish(figure, name, "What became of the cards, by outcome", f"{said}.")


def statements(
    name: str, width: int, found: Sequence[Statement], named: frozenset[str], overall: float | None
) -> Markup:
    """Override rates as dots with their intervals. `named`: the candidates for review."""
    with canvas(width, 70 + 23 * len(found)) as figure:
        axes = figure.add_subplot()
        if overall is not None:
            axes.axvline(overall, color=COLOURS["faint"], linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                f"all cards {percent(overall)}",
                (overall, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4),
                textcoords="offset points",
                ha="left" if overall < 0.25 else "right" if overall > 0.75 else "center",
                color=COLOURS["faint"],
            )
        for at, statement in enumerate(found):
            rate, interval = statement.cards.override_rate, statement.cards.override_interval
            if rate is None:
                continue
            review = statement.id in named
            colour = COLOURS["overridden" if review else "accent"]
            if interval is not None:
                axes.plot(
                    [interval.low, interval.high],
                    [at, at],
                    color=colour,
                    linewidth=1.6,
                    clip_on=False,
                )
            axes.plot(
                rate, at, marker="D" if review else "o", color=colour, markersize=6.5, clip_on=False
            )
        _rows(axes, [_label(statement.id, width) for statement in found])
        _at_the_end(
            axes,
            [f"{count(s.cards.put_aside)} of {count(s.cards.answered)}" for s in found],
            "put aside" if width == NARROW else "overridden or dismissed",
        )
        _shares(axes)
        said = "; ".join(
            f"{s.id}: {share(s.cards.put_aside, s.cards.answered)} of {count(s.cards.answered)}"
            + (f", interval {between(sure)}" if (sure := s.cards.override_interval) else "")
            for s in found
        )
        return finish(figure, name, "Override rate by statement", f"{said}.")


def missing(name: str, width: int, found: Sequence[Missing]) -> Markup:
    """How often each datum was missing where an order could not be rated."""
    found = found[:MOST]
    with canvas(width, 50 + 30 * len(found)) as figure:
        axes = figure.add_subplot()
        axes.barh(range(len(found)), [each.share for each in found], 0.66, color=COLOURS["accent"])
        _rows(axes, [_label(each.question, width) for each in found])
        _at_the_end(axes, [f"{count(each.orders)} · {percent(each.share)}" for each in found], "")
        _shares(axes)
        said = "; ".join(
            f"{each.question}: {count(each.orders)} orders, {percent(each.share)}" for each in found
        )
        return finish(figure, name, "What was missing where no rating was given", f"{said}.")


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    """One row for each label, the first on top."""
    axes.set_yticks(range(len(labels)), labels, linespacing=1.0)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, pad=9)
    axes.spines["left"].set_visible(False)


def _shares(axes: Axes) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.grid(axis="x")
    axes.spines["bottom"].set_visible(False)


def _at_the_end(axes: Axes, texts: Sequence[str], head: str) -> None:
    """A column of figures to the right of the rows."""
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), texts)
    right.tick_params(axis="y", length=0, labelcolor=COLOURS["faint"])
    right.spines["right"].set_visible(False)
    if head:
        axes.annotate(
            head,
            (1, 1),
            xycoords="axes fraction",
            xytext=(3, 4),
            textcoords="offset points",
            color=COLOURS["faint"],
            fontsize=FONT - 1,
        )


def _label(text: str, width: int) -> str:
    """At most two lines beside a drawing; the table has the whole of it."""
    lines = textwrap.wrap(
        clean(text),
        36 if width == WIDE else 20,
        max_lines=2,
        placeholder="…",
        break_on_hyphens=False,
    )
    return "\n".join(lines) or "–"


def _fates(cards: Tally) -> str:
    parts = (f"{count(getattr(cards, fate))} {_WORDS[fate]}" for fate in _FATES)
    return f"{count(cards.issued)} cards, of these {', '.join(parts)}"
