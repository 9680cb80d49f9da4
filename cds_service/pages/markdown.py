"""Markdown of cards as HTML that is safe to show, whoever wrote it."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

LONGEST: Final = 20_000
"""Characters that are read as Markdown in one answer. Our cards have a few thousand; of some texts, such as
brackets that nothing closes, a second's work is 50,000.
"""


class Reader:
    """Reads the cards of one answer: what is longer than LONGEST together is shown as plain text."""

    def __init__(self) -> None:
        self._left = LONGEST

    def __call__(self, text: str) -> Markup:
        if len(text) > self._left:
            return Markup("<pre>{}</pre>").format(text)
        self._left -= len(text)
        return safe_html(text)


def safe_html(text: str) -> Markup:
    """GitHub-flavoured as cards are (CDS Hooks, Card `detail`): tables, lists, emphasis, links.

    HTML in it is shown as text, pictures are not fetched, and links lead to http and https only.
    """
    return Markup(_MARKDOWN.render(text))  # noqa: S704  # the renderer escapes; html is off


def _link(
    self: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    tokens[place].attrSet("target", "_blank")
    tokens[place].attrSet("rel", "noopener noreferrer nofollow")
    return self.renderToken(tokens, place, options, env)


def _made() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.disable(["image", "html_inline", "html_block"])
    markdown.validateLink = lambda url: url.lower().startswith(("https://", "http://"))  # type: ignore[method-assign]
    markdown.add_render_rule("link_open", _link)
    return markdown


_MARKDOWN: Final = _made()
