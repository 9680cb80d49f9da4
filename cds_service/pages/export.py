"""The catalogue as one file that needs nothing else, for a committee to read, print and keep."""

from __future__ import annotations

from datetime import date
from typing import Final

from markupsafe import Markup

from cds_service.catalogue import diagram
from cds_service.catalogue.diagram import COLOURS
from cds_service.catalogue.model import Catalogue
from cds_service.pages.assets import Assets
from cds_service.pages.site import environment

_STYLES: Final = ("vendor/pico-2.1.1.min.css", "site.css", "criteria.css")


def html(catalogue: Catalogue, whose: str, made: date) -> str:
    """All of the catalogue in one HTML document; `whose` says whose thresholds it shows."""
    assets = Assets()
    style = "\n".join(assets.files[name].content.decode() for name in _STYLES)
    if "</" in style:
        raise ValueError("a style sheet would end its element")
    return (
        environment()
        .get_template("criteria/export.html")
        .render(
            catalogue=catalogue,
            whose=whose,
            made=made,
            style=Markup(style),  # noqa: S704  # our own files, checked above
            shapes=diagram.diagram(catalogue),
            d=diagram,
            colours=COLOURS,
            href=lambda name: f"#{name}",
        )
    )
