"""Shapes of the content files: statements, cards, suggestion words, override reasons."""

from __future__ import annotations

from datetime import date
from re import RegexFlag
from string import Template
from typing import Literal

import msgspec

PHRASE_MAX = 36
"""Longest phrase of a statement; two of them fit into a summary."""


class Review(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who looked at a statement, and when."""

    by: str
    on: date


class Source(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Place in the source article."""

    section: str
    label: str


class Statement(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is claimed; the criterion of the same id says whether it applies to a patient."""

    title: str
    text: str
    evidence: str
    """Card text when it holds; `$names` are values of the Finding."""
    group: str
    kind: Literal["article", "extension", "notice"]
    worded: date
    """When our wording was last held against its source."""
    reviewed: Review | None = None
    """None: no clinician has reviewed it yet."""
    source: Source | None = None
    basis: str = ""
    """What an extension rests on."""
    switch: str = ""
    """Configuration key that turns an extension off."""
    contested: bool = False
    provisional: bool = False
    """Taken from an abstract or a secondary summary."""
    phrase: str = ""
    """A few words for summaries; only statements that can decide have them."""
    figure: str = ""
    """A number from the source with the population it was measured in."""
    figure_ages: tuple[int, int] | None = None
    """Ages in years, both included, of the only patients the figure is shown for."""
    covers: tuple[str, ...] = ()
    """Statements whose text this one's says as well; beside it theirs is left out."""
    not_found: str = ""
    """Red flags: what was looked for."""
    tags: dict[str, str] = {}
    """Parts of the statement that can hold on their own: `E1` -> words."""
    rests_on: tuple[str, ...] = ()
    """Other statements its criterion looks at; for the catalogue only, as the next three."""
    value_sets: tuple[str, ...] = ()
    """Names of code sets it looks for."""
    local_codes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    """Configuration keys it depends on, beside its switch."""

    @property
    def values(self) -> list[str]:
        """Names the criterion has to supply in Finding.values for the evidence text."""
        return CardTemplate(self.evidence).get_identifiers()


class CardTemplate(Template):
    """`$placeholder` in lower case only; `$$` is a dollar sign."""

    idpattern = r"[a-z][a-z_]*"
    flags = RegexFlag(0)


class CardFile(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One TOML file of cards/, as written."""

    title: str
    """Display of source.topic."""
    summary: str
    detail: str
    outcome: str = ""
    overlay: str = ""
    variant: str = ""
    suggestions: tuple[str, ...] = ()
    selection_behavior: Literal["", "at-most-one"] = ""
    recommend_first: bool = False
    """The first suggestion that applies is marked as recommended."""
    override_reasons: tuple[str, ...] = ()


class Paragraph(msgspec.Struct, frozen=True, gc=False):
    """A paragraph of a detail text; left out when all its placeholders are empty."""

    template: CardTemplate
    names: tuple[str, ...]


class Card(msgspec.Struct, frozen=True, gc=False):
    """A checked card text."""

    code: str
    """Outcome or overlay id."""
    variant: str
    title: str
    summary: CardTemplate
    paragraphs: tuple[Paragraph, ...]
    suggestions: tuple[str, ...]
    selection_behavior: str
    recommend_first: bool
    override_reasons: tuple[str, ...]


class SuggestionWords(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Label of a suggestion and the description of each of its actions."""

    label: str
    create: str = ""
    update: str = ""
    delete: str = ""


class OverrideReason(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One reason to keep an order against the advice."""

    system: Literal["standard", "local"]
    code: str
    display: str
