"""A CDS Hooks response as a person would read it, for the terminal."""

from __future__ import annotations

import re
import textwrap
from typing import Any, Final

_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_ITEM: Final = re.compile(r"(\s*(?:[-*+]|\d+\.)\s+)(.*)")
_EMPHASIS: Final = re.compile(r"(?<![\w\\*_])([*_])(?=\S)(.+?)(?<=[^\s\\])\1(?!\w)")
_MARKS: Final = {"info": "i", "warning": "!", "critical": "!!"}


def response_text(answer: dict[str, Any], width: int = 88) -> str:
    """All cards, then what the service would write on the orders itself."""
    parts = [card_text(card, width) for card in answer["cards"]] or ["(no card)"]
    parts += [
        f"Written on the order: {_rating(action) or action['description']}"
        for action in answer.get("systemActions", ())
    ]
    return "\n\n".join(parts)


def card_text(card: dict[str, Any], width: int = 88) -> str:
    """Indicator and summary, detail without its Markdown, suggestions, reasons, links, source."""
    rule = "─" * width
    mark = f"[{_MARKS.get(card['indicator'], '?')}] {card['indicator'].upper()}  "
    lines = [rule, *_wrap(card["summary"], width, mark, " " * len(mark)), rule]
    lines += plain(card.get("detail", ""), width)
    if suggestions := card.get("suggestions"):
        lines += ["", "Suggestions:"]
        for suggestion in suggestions:
            star = " (recommended)" if suggestion.get("isRecommended") else ""
            lines += _wrap(suggestion["label"] + star, width, "  ( ) ", "      ")
            for action in suggestion.get("actions", ()):
                lines += _wrap(action["description"], width, "        · ", "          ")
    if reasons := card.get("overrideReasons"):
        named = "; ".join(reason["display"] for reason in reasons)
        lines += ["", *_wrap(named, width, "Reasons to keep the order: ", "  ")]
    lines += [f"Link: {link['label']}: {link['url']}" for link in card.get("links", ())]
    source = card["source"]
    lines += ["", *_wrap(source["label"], width, "Source: ", "        ")]
    return "\n".join([*lines, rule])


def plain(markdown: str, width: int = 88) -> list[str]:
    """Lines of a Markdown text without emphasis, headings, links and escapes."""
    lines: list[str] = []
    for raw in markdown.strip().splitlines():
        text = _LINK.sub(r"\1 <\2>", raw.rstrip().lstrip("#")).replace("**", "")
        item = _ITEM.fullmatch(text)
        lead, rest = item.groups() if item else ("", text.strip())
        for _ in range(2):  # emphasis within emphasis
            rest = _EMPHASIS.sub(r"\2", rest)
        rest = _ESCAPED.sub(r"\1", rest.replace("`", ""))
        lines += _wrap(rest, width, lead, " " * len(lead)) or [""]
    return lines


def _wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _rating(action: dict[str, Any]) -> str | None:
    for extension in action.get("resource", {}).get("extension", ()):
        if extension.get("url", "").endswith("/pama-rating"):
            codings = extension["valueCodeableConcept"]["coding"]
            return "rating " + ", ".join(coding["code"] for coding in codings)
    return None
