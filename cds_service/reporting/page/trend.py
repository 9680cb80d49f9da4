"""Cards and answers week by week, and the override rate with the versions of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from cds_service.reporting.model import Version, Week
from cds_service.reporting.page.drawing import COLOURS, canvas, finish
from cds_service.reporting.page.plots import WIDE
from cds_service.reporting.page.words import count, day, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weeks(
    name: str, width: int, found: Sequence[Week], versions: Sequence[tuple[int, Version]]
) -> Markup:
    """Cards and answers above, the override rate below, the start of each numbered version marked."""
    middles = [_place(week.start) + 3.5 for week in found]
    with canvas(width, 330) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        issued = [week.cards.issued for week in found]
        answered = [week.cards.answered for week in found]
        shown = {"width": 5.6, "linewidth": 0}
        upper.bar(middles, issued, color=COLOURS["unanswered"], label="cards issued", **shown)
        upper.bar(middles, answered, color=COLOURS["accent"], label="answered", **shown)
        upper.yaxis.get_major_locator().set_params(integer=True, nbins=4)
        upper.yaxis.set_major_formatter(lambda value, _: count(round(value)))
        upper.grid(axis="y")
        upper.spines["left"].set_visible(False)

        gap = float("nan")
        rates = [gap if w.cards.override_rate is None else w.cards.override_rate for w in found]
        sure = [week.cards.override_interval for week in found]
        lows = [gap if each is None else each.low for each in sure]
        highs = [gap if each is None else each.high for each in sure]
        band = {"color": COLOURS["accent"], "alpha": 0.2, "linewidth": 0}
        lower.fill_between(middles, lows, highs, label="95 % interval", **band)
        # A week between two without answers has no neighbour to share a band with.
        lone = [
            at for at in range(len(found)) if not any(_known(found, n) for n in (at - 1, at + 1))
        ]
        lower.vlines(
            [middles[at] for at in lone],
            [lows[at] for at in lone],
            [highs[at] for at in lone],
            color=COLOURS["accent"],
            alpha=0.4,
            linewidth=4,
        )
        lower.plot(
            middles,
            rates,
            color=COLOURS["accent"],
            marker="o",
            markersize=3.5,
            clip_on=False,
            label="override rate",
        )
        lower.set_ylim(-0.02, 1.02)
        lower.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        lower.grid(axis="y")
        lower.spines["left"].set_visible(False)
        # One week alone is no wall: the axis has room for ten.
        spare = max(0.0, 70 - (max(middles) - min(middles) + 8)) / 2
        lower.set_xlim(min(middles) - 4 - spare, max(middles) + 4 + spare)
        dates = _dates().AutoDateLocator(minticks=2, maxticks=8 if width == WIDE else 5)
        lower.xaxis.set_major_locator(dates)
        lower.xaxis.set_major_formatter(_dates().ConciseDateFormatter(dates))
        lower.xaxis.get_offset_text().set_color(COLOURS["faint"])
        lower.tick_params(axis="x", color=COLOURS["faint"])
        _starts(upper, lower, versions, WIDE / width)
        for axes in (upper, lower):
            # Wide, it stands beside its panel; narrow, above it.
            if width == WIDE:
                axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handlelength=1)
            else:
                axes.legend(
                    loc="lower right",
                    bbox_to_anchor=(1, 1.05),
                    ncols=2,
                    handlelength=1,
                    borderaxespad=0,
                    columnspacing=1,
                )
        return finish(figure, name, "Trend by week", _trend(found, versions))


def _known(found: Sequence[Week], at: int) -> bool:
    return 0 <= at < len(found) and found[at].cards.answered > 0


def _starts(
    upper: Axes, lower: Axes, versions: Sequence[tuple[int, Version]], narrower: float
) -> None:
    """A line where a version begins; its number beside it, unless it would run into another."""
    low, high = lower.get_xlim()
    room = 0.1 * narrower * (high - low)
    before = low - room
    for number, version in versions:
        start = _place(version.first)
        if not low < start < high:
            continue
        for axes in (upper, lower):
            axes.axvline(start, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)))
        if start - before < room:
            continue
        before = start
        late = start > high - room
        lower.annotate(
            f"version {number}",
            (start, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if late else 4, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
        )


def _trend(found: Sequence[Week], versions: Sequence[tuple[int, Version]]) -> str:
    rates = [week.cards.override_rate for week in found]
    known = [rate for rate in rates if rate is not None]
    issued = count(sum(week.cards.issued for week in found))
    answered = count(sum(week.cards.answered for week in found))
    said = [f"{len(found)} weeks from {day(found[0].start)}, {issued} cards, {answered} answered."]
    if known:
        said.append(
            f"The override rate lies between {percent(min(known))} and {percent(max(known))}."
        )
    said += [f"Version {number} from {day(version.first)}." for number, version in versions]
    return " ".join(said)


def _place(value: date) -> Any:
    """Where a day begins on the axis."""
    return float(_dates().date2num(value))


def _dates() -> Any:
    """Matplotlib's dates, which have no types."""
    import matplotlib.dates

    return matplotlib.dates
