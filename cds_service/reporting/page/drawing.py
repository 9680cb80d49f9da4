"""Matplotlib's drawings as SVG that is part of a page: text stays text, colours follow the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from cds_service.errors import ConfigurationError
from cds_service.reporting.page.words import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: Final = {
    "ink": "#1b2530",
    "faint": "#5a6673",
    "grid": "#dfe3e8",
    "paper": "#ffffff",
    "accent": "#0f5c8a",
    "accepted": "#11597f",
    "overridden": "#c9542f",
    "dismissed": "#efb04c",
    "unanswered": "#d9dee4",
    "on-accepted": "#fffffe",
    "on-overridden": "#fffffd",
    "on-dismissed": "#1b2531",
    "on-unanswered": "#1b2532",
}
"""Name of a colour of style.css -> its value on paper; each value stands for one name only.

Chosen to differ in lightness as well as in hue, so that they stay apart for colour-blind readers and
in a black and white print.
"""

FONT: Final = 11.5
"""Pixels of the page, at the width a drawing is made for."""
SVG: Final = "http://www.w3.org/2000/svg"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
# Any: matplotlib types its keys as a list of literals, which differs between its versions.
_SETTINGS: Final[Any] = {
    "svg.fonttype": "none",
    # Ids would otherwise differ from run to run.
    "svg.hashsalt": "cds-service",
    # A dollar sign in an id is a dollar sign.
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": COLOURS["faint"],
    "axes.labelsize": FONT,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": FONT,
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["grid"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.color": COLOURS["grid"],
    "ytick.labelcolor": COLOURS["ink"],
}


def require() -> None:
    """Raises ConfigurationError when the library that draws is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "the HTML report needs matplotlib: pip install 'cds-service[report]' "
            "(the other formats do without)"
        ) from None


@contextmanager
def canvas(width: int, height: float) -> Iterator[Figure]:
    """A figure of so many pixels of the page; draw and `finish` it inside."""
    import warnings

    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The reader's fonts write the text; that the measuring font lacks a letter does not matter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # Keys so long that they leave no room: they are cut at the edge, and whole in the table.
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield Figure(figsize=(width / 72, height / 72), layout="constrained")


def finish(figure: Figure, name: str, title: str, description: str) -> Markup:
    """The figure as an SVG element. `name` is unique in the page: its ids begin with it.

    A reader that cannot see it gets title and description (WAI-ARIA Graphics: role img).
    """
    written = io.StringIO()
    figure.savefig(
        written, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
    )
    root = ET.fromstring(written.getvalue())  # noqa: S314  (our own drawing)
    # Its description of itself, and a style that would hold for the whole page.
    for found in list(root):
        if found.tag.endswith("metadata") or found.find(f"{{{SVG}}}style") is not None:
            root.remove(found)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        _adapt(element, name)
    width, height = (root.attrib[side].removesuffix("pt") for side in ("width", "height"))
    root.attrib = {
        "xmlns": SVG,
        "class": "plot",
        "viewBox": f"0 0 {width} {height}",
        "width": width,
        "height": height,
        "role": "img",
        "aria-labelledby": f"{name}-title",
        "aria-describedby": f"{name}-desc",
    }
    for at, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = clean(text)
        root.insert(at, element)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  (escaped by the writer)


def _adapt(element: ET.Element, name: str) -> None:
    """Ids of its own, colours of the page, and none of the measuring font's name."""
    element.tail = None
    if element.tag != "text":
        element.text = None
    given = element.attrib
    if href := given.pop(_HREF, None):
        given["href"] = href.replace("#", f"#{name}-", 1)
    for key, value in given.items():
        if key == "id":
            given[key] = f"{name}-{value}"
        elif key == "style":
            given[key] = _style(value)
        elif key in ("clip-path", "mask"):
            given[key] = value.replace("url(#", f"url(#{name}-")
        elif key == "d":
            given[key] = _NUMBER.sub(_short, " ".join(value.split()))
        elif key in ("x", "y", "transform"):
            given[key] = _NUMBER.sub(_short, value)


def _style(text: str) -> str:
    text = re.sub(r"font-family: [^;]*;? ?", "", text)
    return re.sub("#[0-9a-f]{6}", lambda found: _VARIABLES.get(found[0], found[0]), text)


def _short(found: re.Match[str]) -> str:
    """A hundredth of a pixel is enough."""
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


_NUMBER: Final = re.compile(r"-?\d+\.\d+")
_VARIABLES: Final = {value: f"var(--{name})" for name, value in COLOURS.items()}
