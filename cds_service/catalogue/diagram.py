"""The order of decision as shapes with their places; a template makes an SVG of them."""

from __future__ import annotations

import textwrap
from typing import Final, NamedTuple

from cds_service.catalogue.model import Catalogue, Step
from cds_service.criteria.model import Outcome

WIDTH: Final = 960
BOX_X: Final = 64
BOX_WIDTH: Final = 560
ANSWER_X: Final = 692
"""Left edge of the answers; the room between holds the arrow."""
_GAP: Final = 30
"""Between two boxes, for the arrow downwards."""
_LINE: Final = 18
_PAD: Final = 12
_CHARACTERS: Final = 64
"""Of the small fixed-width type that fit into a box."""
_QUESTION: Final = 60
_CHIP: Final = 26

COLOURS: Final = {
    Outcome.MRI_EMERGENT: "critical",
    Outcome.MRI_URGENT: "good",
    Outcome.MRI_ROUTINE: "good",
    Outcome.MRI_MAY: "info",
    Outcome.NOT_YET: "warning",
    Outcome.CT_FIRST: "warning",
    Outcome.DUPLICATE: "warning",
    Outcome.INSUFFICIENT: "",
    Outcome.NO_CRITERIA: "",
}
"""Outcome -> the chip of the style sheet it is shown with."""


class Line(NamedTuple):
    """Ids of statements on one line of a box."""

    y: int
    label: str
    """`asks` or `also`; empty on further lines of the same."""
    ids: tuple[str, ...]


class Answer(NamedTuple):
    """One outcome, or a plain text."""

    y: int
    code: str
    title: str
    colour: str
    width: int


class Box(NamedTuple):
    """One step."""

    id: str
    y: int
    height: int
    question: tuple[tuple[int, str], ...]
    """Lines with their place."""
    lines: tuple[Line, ...]
    answers: tuple[Answer, ...]
    down: str
    """Which answer leads to the next box; empty: there is none."""
    across: str
    early: str = ""
    """The step that some orders go to from here, whatever stands between."""

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def bottom(self) -> int:
        return self.y + self.height


class Diagram(NamedTuple):
    """All of it, for a canvas `WIDTH` wide."""

    boxes: tuple[Box, ...]
    height: int


def diagram(catalogue: Catalogue) -> Diagram:
    """Lays the steps of the catalogue out from top to bottom."""
    boxes: list[Box] = []
    y = 2
    *_, last = catalogue.steps
    for step in catalogue.steps.values():
        box = _box(step, y, catalogue, final=step.id == last)
        if not boxes and catalogue.early:
            box = box._replace(early=catalogue.early.step)
        boxes.append(box)
        y = box.bottom + _GAP
    return Diagram(tuple(boxes), y - _GAP + 2)


def _box(step: Step, top: int, catalogue: Catalogue, *, final: bool) -> Box:
    answered = len(step.rule.outcomes) or 1
    asked = [("asks", part) for part in _wrapped(step.rule.statements)]
    asked += [("also", part) for part in _wrapped(step.rule.exceptions)]
    wording = textwrap.wrap(step.rule.question, _QUESTION)
    written = (_LINE + 2) * len(wording) + _LINE * len(asked)
    height = max(written + 2 * _PAD - 4, answered * (_CHIP + 6) + 2)
    y = top + (height - written) // 2 + 14
    question = []
    for text in wording:
        question.append((y, text))
        y += _LINE + 2
    lines = []
    for number, (label, part) in enumerate(asked):
        again = number > 0 and asked[number - 1][0] == label
        lines.append(Line(y, "" if again else label, part))
        y += _LINE
    centre = top + height // 2
    first = centre - (answered * (_CHIP + 6) - 6) // 2
    answers = tuple(
        Answer(
            first + place * (_CHIP + 6),
            outcome,
            catalogue.outcomes[outcome],
            COLOURS[outcome],
            24 + 8 * len(catalogue.outcomes[outcome]),
        )
        for place, outcome in enumerate(step.rule.outcomes)
    )
    if not answers:  # the first step: other orders get nothing
        answers = (Answer(first, "", "No cards", "", 88),)
    scope = not step.rule.outcomes
    return Box(
        step.id,
        top,
        height,
        tuple(question),
        tuple(lines),
        answers,
        down="" if final else ("yes" if scope else "no"),
        across="" if final else ("no" if scope else "yes"),
    )


def _wrapped(ids: tuple[str, ...]) -> list[tuple[str, ...]]:
    lines: list[list[str]] = []
    for name in ids:
        if lines and len("  ".join([*lines[-1], name])) <= _CHARACTERS:
            lines[-1].append(name)
        else:
            lines.append([name])
    return [tuple(line) for line in lines]
