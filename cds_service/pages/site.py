"""What every page of a deployment shares: frame, navigation, addresses, headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from cds_service import __version__
from cds_service.cdshooks.services import SERVICE_ID, TITLE
from cds_service.pages.assets import Assets
from cds_service.pages.policy import STRICT
from cds_service.web.errors import refusal

BANNER: Final = (
    "DEVELOPMENT MODE: no authentication, open to every web page on this machine. "
    "Never use it with real patient data."
)
HTML: Final = "text/html; charset=utf-8"
_YEAR: Final = "public, max-age=31536000, immutable"


class Section(NamedTuple):
    """One entry of the navigation."""

    path: str
    """Where it begins, such as `/criteria`."""
    label: str
    about: str
    """One sentence for the start page."""


class Site:
    """Renders pages; every section gets the same one."""

    def __init__(
        self, public_url: str, sections: Sequence[Section] = (), *, dev: bool = False
    ) -> None:
        self.public_url = public_url
        self.dev = dev
        self.assets = Assets()
        self._prefix = urlsplit(public_url).path.rstrip("/")
        self._environment = environment()
        self._environment.globals.update(
            asset=lambda name: self.url(self.assets.path(name)),
            url=self.url,
            sections=tuple(sections),
            banner=BANNER if dev else "",
            site_title=TITLE,
            version=__version__,
        )

    def url(self, path: str) -> str:
        """Address of `path` for a browser, where the service stands below a path of its host."""
        return self._prefix + path

    def render(self, template: str, *, active: str = "", **context: Any) -> str:
        """A page as text; `active` is the path of the section it belongs to."""
        return self._environment.get_template(template).render(active=active, **context)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        policy: str = STRICT,
        active: str = "",
        **context: Any,
    ) -> Response:
        """A page as an answer. `policy` is made by `policy.policy` for a page that needs another."""
        text = self.render(template, active=active, **context)
        headers = {"Content-Security-Policy": policy}
        return Response(text, status=status, headers=headers, content_type=HTML)


def environment() -> Environment:
    """Templates of this room: everything is escaped, and a name that is missing is a defect."""
    return Environment(
        loader=PackageLoader("cds_service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def start(site: Site) -> Blueprint:
    """The start page, and the static files of all pages."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def home() -> Response:
        """List what there is."""
        return site.page("home.html", public_url=site.public_url, service=SERVICE_ID, dev=site.dev)

    @blueprint.get("/static/<version>/<path:name>")
    def static(version: str, name: str) -> Response:
        """A file for a year, as its address changes with it."""
        asset = site.assets.files.get(name)
        if asset is None:
            raise refusal(404)
        response = Response(asset.content, content_type=asset.content_type)
        response.set_etag(asset.etag)
        # A page of the version before this one may still ask; it gets what there is now, not kept.
        response.headers["Cache-Control"] = _YEAR if version == site.assets.version else "no-cache"
        response.make_conditional(request)
        return response

    return blueprint
