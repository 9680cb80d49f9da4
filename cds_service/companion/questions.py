"""What can be asked: the Questionnaire, and which of its questions answers what a rating lacks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cds_service.criteria import rooms as _rooms  # noqa: F401  (fills the registry)
from cds_service.criteria.registry import CRITERIA
from cds_service.errors import ConfigurationError

Kind = Literal["boolean", "choice", "integer", "quantity"]
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"


class Option(msgspec.Struct, frozen=True):
    """One choice, or one unit."""

    system: str
    code: str
    display: str


class Question(msgspec.Struct, frozen=True):
    """One item of the Questionnaire; its linkId is a local code."""

    link_id: str
    text: str
    kind: Kind
    options: tuple[Option, ...] = ()
    """Answers of a `choice`, units of a `quantity`."""
    low: int | None = None
    high: int | None = None


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do about one thing that is missing."""

    missing: str
    questions: tuple[str, ...] = ()
    elsewhere: str = ""
    """Where it has to be written down instead; nothing can be asked."""

    def fits(self, missing: str) -> bool:
        text = self.missing
        return missing == text or (text.endswith(":") and missing.startswith(text[:-1]))


class Questions:
    """The questionnaire, and the way from what is missing to its questions."""

    def __init__(
        self,
        url: str,
        items: Iterable[Question],
        asks: Iterable[Ask],
        on_record: Mapping[str, tuple[str, ...]],
    ) -> None:
        """`url` is the questionnaire's canonical one; `on_record` names by link the statements whose
        evidence stands beside a question.
        """
        self.url = url
        self.on_record = on_record
        self.by_link: Mapping[str, Question] = {item.link_id: item for item in items}
        self.asks = tuple(asks)

    def ask_for(self, missing: str) -> Ask:
        """The most exact entry that fits; what nobody thought of is left to the record."""
        fitting = [ask for ask in self.asks if ask.fits(missing)]
        exact = [ask for ask in fitting if ask.missing == missing]
        return (exact or fitting or [Ask(missing, elsewhere="Add it to the record.")])[0]

    def can_ask(self, missing: Iterable[str]) -> bool:
        """Whether a question answers any of this; the rest can be entered in the record only."""
        return any(self.ask_for(each).questions for each in missing)

    def beside(self, link: str) -> tuple[str, ...]:
        """The questions that one is asked together with: they stay while it is answered."""
        groups = [ask.questions for ask in self.asks if link in ask.questions]
        return groups[0] if groups else ((link,) if link in self.by_link else ())


def load_questions(knowledge: Path) -> Questions:
    """Read questionnaire.json and questions.toml. Raises ConfigurationError naming file and entry."""
    raw = msgspec.json.decode((knowledge / "questionnaire.json").read_bytes())
    items = [_question(item) for group in raw["item"] for item in group["item"]]
    file = knowledge / "questions.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        asks = msgspec.convert(table["ask"], tuple[Ask, ...])
        on_record = msgspec.convert(table.get("on_record", {}), dict[str, tuple[str, ...]])
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as why:
        raise ConfigurationError(f"{file.name}: {why}") from None
    known = {item.link_id for item in items}
    for ask in asks:
        unknown = set(ask.questions) - known
        if unknown:
            raise ConfigurationError(
                f"{file.name}: {ask.missing}: no question {', '.join(sorted(unknown))}"
            )
        if bool(ask.questions) == bool(ask.elsewhere):
            raise ConfigurationError(f"{file.name}: {ask.missing}: give questions, or elsewhere")
    for link, statements in on_record.items():
        strange = {link} - known or set(statements) - CRITERIA.keys()
        if strange:
            raise ConfigurationError(
                f"{file.name}: on_record: no question or statement {', '.join(sorted(strange))}"
            )
    return Questions(raw["url"], items, asks, on_record)


def _question(item: Mapping[str, Any]) -> Question:
    bounds: dict[str, Any] = {}
    units = []
    for extension in item.get("extension", ()):
        name = extension["url"].removeprefix(_EXTENSION)
        if name == "questionnaire-unitOption":
            units.append(extension["valueCoding"])
        else:
            bounds[name] = extension["valueInteger"]
    choices = [option["valueCoding"] for option in item.get("answerOption", ())]
    return Question(
        link_id=item["linkId"],
        text=item["text"],
        kind=item["type"],
        options=msgspec.convert(tuple(choices or units), tuple[Option, ...]),
        low=bounds.get("minValue"),
        high=bounds.get("maxValue"),
    )
