"""Content-Security-Policy of the pages: nothing inline, nothing from elsewhere, in no frame."""

from __future__ import annotations

import re
from typing import Final

_DIRECTIVES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # The CSS base draws its own icons as data: images.
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

_SOURCES: Final = re.compile(r"[!-+\--:<-~]+( [!-+\--:<-~]+)*")
"""Printable words without the comma and semicolon that would end the directive."""


def policy(**directives: str) -> str:
    """The header's value, with some directives replaced: `policy(frame_ancestors="https://ehr.example")`.

    Raises ValueError for an unknown directive, for one that would let inline code in, and for a
    value that would end its directive.
    """
    chosen = dict(_DIRECTIVES)
    for name, sources in directives.items():
        directive = name.replace("_", "-")
        if directive not in chosen:
            raise ValueError(f"{directive}: unknown; known: {', '.join(chosen)}")
        if not _SOURCES.fullmatch(sources) or "'unsafe-" in sources:
            raise ValueError(f"{directive}: not a list of sources")
        chosen[directive] = sources
    return "; ".join(f"{name} {sources}" for name, sources in chosen.items())


STRICT: Final = policy()
