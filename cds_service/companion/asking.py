"""Which questions stand on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cds_service.companion.answers import Entered, Recorded
from cds_service.companion.questions import Question, Questions
from cds_service.criteria.model import Recommendation
from cds_service.facts.finding import Evidence

MOST_ASKED: Final = 5
"""Open questions on one page, beside those that are answered."""


class Asked(NamedTuple):
    """One question on the page."""

    question: Question
    entered: Entered
    recorded: Recorded | None
    """An answer in the record, too old or too vague to count by itself."""
    evidence: tuple[Evidence, ...]
    """What else the record says about it, as far as the criteria read it. It answers nothing."""
    mistake: str


def chosen(
    questions: Questions,
    given: Mapping[str, Entered],
    *,
    at_first: Iterable[str],
    lacking: Iterable[str],
) -> tuple[list[str], bool]:
    """The questions by link, and whether others have to wait: `at_first` was missing without any
    answer, `lacking` is missing still.

    A question stays where it is once asked; those that an answer raises come below. Where there are
    too many, those come first that are missing still, the most telling first, then those asked
    together with an answered one. What was missing at first only is asked while there is room.
    """
    groups = [questions.ask_for(each).questions for each in at_first]
    still = [link for each in lacking for link in questions.ask_for(each).questions]
    beside = [link for each in given for link in questions.beside(each)]
    order = dict.fromkeys([*(link for group in groups for link in group), *still, *beside])
    # What was answered is always shown: the page sends back what it shows, and nothing else.
    shown = set(given)
    unanswered = [link for link in dict.fromkeys((*still, *beside)) if link not in given]
    shown.update(unanswered[:MOST_ASKED])
    room = MOST_ASKED - len(unanswered)
    for group in groups:
        new = [link for link in group if link not in shown]
        if len(new) <= room:
            shown.update(new)
            room -= len(new)
    return [link for link in order if link in shown], not order.keys() <= shown


def on_record(
    questions: Questions, link: str, found: Recommendation, recorded: Recorded | None
) -> tuple[Evidence, ...]:
    """The evidence beside a question, without what stands there as an earlier answer already.

    It is that of the findings behind the recommendation: nothing is read for this page alone.
    """
    known = recorded.reference if recorded else None
    each = dict.fromkeys(
        evidence
        for statement in questions.on_record.get(link, ())
        for evidence in found.findings[statement].evidence
    )
    return tuple(evidence for evidence in each if evidence.reference.split("#")[0] != known)
