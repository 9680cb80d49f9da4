"""Plain values into Markdown: escaped, capped, one line each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from cds_service.facts.finding import Evidence

CAP = 300
EVIDENCE_SHOWN = 3

_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(#[A-Za-z0-9\-.]{1,64})?")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}(?=/|$)")
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>#!|~&$^\"=]")
# A dot or colon may start a link (www.x, http:) unless it ends a word or stands in a number.
_DOT = re.compile(r"(?<!\d)\.(?=\S)|\.(?=[^\s\d])")
_COLON = re.compile(r":(?=[^\s\d])")
_LEAD = re.compile(r"^([-+]|\d+(?=[.)](\s|$)))")


# Words, figures and dates with nothing to escape in them: most of what is shown.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9,%/°≥≤-]*(?: [A-Za-z0-9,%/°≥≤-]+)*")


def escape(text: str) -> str:
    """Text that shows as itself in CommonMark and GitHub Markdown, on one line, at most CAP long.

    Control and format characters become spaces; `@` becomes `(at)`, because some renderers link
    addresses even when escaped.
    """
    if len(text) <= CAP and _PLAIN.fullmatch(text):
        return text
    clean = text[: 4 * CAP]
    if not clean.isprintable():
        clean = "".join(" " if unicodedata.category(c) in _SPACES else c for c in clean)
    clean = " ".join(clean.split()).replace("@", "(at)").replace("\uff20", "(at)")
    if len(clean) > CAP:
        clean = clean[: CAP - 1] + "…"
    clean = _ACTIVE.sub(r"\\\g<0>", clean)
    clean = _DOT.sub(r"\\.", clean)
    clean = _COLON.sub(r"\\:", clean)
    return _LEAD.sub(_escaped_lead, clean)


_SPACES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def _escaped_lead(match: re.Match[str]) -> str:
    lead = match.group(0)
    return f"\\{lead}" if lead in "-+" else f"{lead}\\"


def reference(value: str) -> str:
    """A FHIR reference in code ticks; only its type when the id is not a FHIR id."""
    if _REFERENCE.fullmatch(value):
        return f"`{value}`"
    match = _TYPE.match(value)
    return match.group(0) if match else "record"


def evidence_line(item: Evidence) -> str:
    """`strength 4/5, 2026-03-02, limit 5/5, suspected (Observation/x)`, escaped."""
    head = escape(item.display)
    if item.value:
        head = f"{head} {escape(item.value)}"
    parts = [head]
    if item.date:
        parts.append(escape(item.date))
    elif not item.value:
        parts.append("undated")
    if item.threshold:
        parts.append(escape(item.threshold))
    if item.note:
        parts.append(escape(item.note))
    # A figure over the whole record (days of treatment) refers to the patient and to no one entry.
    source = "" if item.reference == "Patient" else f" {reference(item.reference)}"
    return ", ".join(parts) + source


def evidence_lines(items: Sequence[Evidence]) -> str:
    """The first few pieces of evidence on one line, and how many more there are."""
    shown = "; ".join(evidence_line(item) for item in items[:EVIDENCE_SHOWN])
    more = len(items) - EVIDENCE_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def bullets(lines: Iterable[str], most: int | None = None) -> str:
    """A Markdown list without repetitions; with `most`, the rest is counted."""
    unique = list(dict.fromkeys(line for line in lines if line))
    shown = unique if most is None else unique[:most]
    rest = len(unique) - len(shown)
    tail = [f"- and {rest} more"] if rest else []
    return "\n".join([*(f"- {line}" for line in shown), *tail])
