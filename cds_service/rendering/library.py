"""Load and check statements and cards; a library that exists is sound."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec

from cds_service.errors import ConfigurationError
from cds_service.rendering import checks
from cds_service.rendering.content import (
    Card,
    CardFile,
    CardTemplate,
    OverrideReason,
    Paragraph,
    Statement,
    SuggestionWords,
)

STATEMENTS = "statements.toml"
GROUPS = "groups.toml"
OVERRIDE_REASONS = "override-reasons.toml"
SUGGESTIONS = "suggestions.toml"
QUESTIONS = "questions.toml"

T = TypeVar("T")


class Library(msgspec.Struct, frozen=True, gc=False):
    """Every text the service can say, checked."""

    statements: Mapping[str, Statement]
    cards: Mapping[tuple[str, str], Card]
    """By outcome or overlay id, and variant (empty: the plain card)."""
    suggestions: Mapping[str, SuggestionWords]
    override_reasons: Mapping[str, OverrideReason]
    groups: Mapping[str, str]
    questions: Mapping[str, str]
    """Words of each question of the criteria, with `$what` where it is about something."""
    version: str
    """Changes with every change of a text."""

    def card(self, code: str, variant: str = "") -> Card:
        """The card of an outcome or overlay; the plain one where the variant has none."""
        return self.cards.get((code, variant)) or self.cards[(code, "")]

    def criterion_ids(self) -> frozenset[str]:
        """Statements that need a criterion: all but the notices."""
        return frozenset(i for i, s in self.statements.items() if s.kind != "notice")


def load_library(cards: Traversable, knowledge: Traversable) -> Library:
    """Read `cards` (a directory) and statements.toml in `knowledge`.

    Raises ConfigurationError with every problem: file, place and mend, one per line.
    """
    library, problems = _read(cards, knowledge)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return library


def load_statements(knowledge: Traversable) -> dict[str, Statement]:
    """Only the statements, by id, in the order of the file; raises ConfigurationError."""
    problems: list[str] = []
    statements = _table(knowledge / STATEMENTS, Statement, problems)
    problems += checks.statements(STATEMENTS, statements)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return statements


def _read(cards: Traversable, knowledge: Traversable) -> tuple[Library, list[str]]:
    problems: list[str] = []
    digest = hashlib.sha256()
    statements = _table(knowledge / STATEMENTS, Statement, problems, digest)
    suggestions = _table(cards / SUGGESTIONS, SuggestionWords, problems, digest)
    reasons = _table(cards / OVERRIDE_REASONS, OverrideReason, problems, digest)
    groups = _plain(cards / GROUPS, dict[str, str], problems, digest) or {}
    questions = _plain(cards / QUESTIONS, dict[str, str], problems, digest) or {}
    problems += checks.statements(STATEMENTS, statements, groups)
    problems += checks.questions(QUESTIONS, questions)
    problems += checks.suggestions(SUGGESTIONS, suggestions)
    found: dict[tuple[str, str], Card] = {}
    special = {GROUPS, OVERRIDE_REASONS, SUGGESTIONS, QUESTIONS}
    for path in _toml_files(cards):
        if path.name in special:
            continue
        file = _plain(path, CardFile, problems, digest)
        if file is None:
            continue
        name = f"cards/{path.name}"
        wrong = checks.card(name, file, statements, suggestions, reasons)
        key = (file.outcome or file.overlay, file.variant)
        if key in found:
            wrong.append(
                f"{name}: a second card for {' '.join(key).strip()}; remove one of the two"
            )
        problems += wrong
        if not wrong:
            found[key] = _card(file)
    if not problems:
        problems += checks.complete(found.keys())
    version = digest.hexdigest()[:12]
    library = Library(statements, found, suggestions, reasons, groups, questions, version)
    return library, problems


def _card(file: CardFile) -> Card:
    paragraphs = [p.strip() for p in file.detail.split("\n\n") if p.strip()]
    templates = [CardTemplate(p) for p in paragraphs]
    return Card(
        code=file.outcome or file.overlay,
        variant=file.variant,
        title=file.title,
        summary=CardTemplate(file.summary),
        paragraphs=tuple(Paragraph(t, tuple(t.get_identifiers())) for t in templates),
        suggestions=file.suggestions,
        selection_behavior=file.selection_behavior,
        recommend_first=file.recommend_first,
        override_reasons=file.override_reasons,
    )


def _toml_files(directory: Traversable) -> list[Traversable]:
    try:
        files = [f for f in directory.iterdir() if f.name.endswith(".toml")]
    except OSError:
        return []
    return sorted(files, key=lambda f: f.name)


def _table(
    path: Traversable, kind: type[T], problems: list[str], digest: Any = None
) -> dict[str, T]:
    """Tables of a file by their name; those that do not fit are reported and left out."""
    out: dict[str, T] = {}
    for name, raw in (_plain(path, dict[str, Any], problems, digest) or {}).items():
        try:
            out[name] = msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            problems.append(f"{path.name}: [{name}]: {error}{_known(error, kind)}")
    return out


def _plain(path: Traversable, kind: type[T], problems: list[str], digest: Any = None) -> T | None:
    try:
        data = path.read_bytes()
        if digest is not None:
            digest.update(path.name.encode() + b"\0" + data + b"\0")
        return msgspec.convert(tomllib.loads(data.decode()), kind)
    except OSError:
        problems.append(f"{path.name}: not found in its directory; restore it")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: not valid TOML: {error}")
    except msgspec.ValidationError as error:
        problems.append(f"{path.name}: {error}{_known(error, kind)}")
    return None


def _known(error: msgspec.ValidationError, kind: type[Any]) -> str:
    """The fields there are, when there is none of that name."""
    if "unknown field" not in str(error) or " - at " in str(error):
        return ""  # inside another table, whose fields are few and stand beside it
    fields = msgspec.structs.fields(kind)
    return f"; known: {', '.join(field.encode_name for field in fields)}"
