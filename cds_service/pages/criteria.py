"""`/criteria`: what the service goes by, for people; addresses of statements never change."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request

from cds_service.catalogue import diagram
from cds_service.catalogue.build import search
from cds_service.catalogue.diagram import COLOURS
from cds_service.catalogue.model import Catalogue
from cds_service.client import Client
from cds_service.errors import RequestError
from cds_service.pages.site import Section, Site

SECTION: Final = Section(
    "/criteria",
    "Criteria",
    "Every statement with its source, thresholds, codes and the sample orders that show it.",
)
UNKNOWN: Final = (
    "no statement, step or code set has this name; look it up among all criteria, at /criteria"
)
_DIGEST: Final = re.compile("[0-9a-f]{12}")
SINCE: Final = "changed"
"""In an address whose thresholds were others when a card named it."""


class Asked(NamedTuple):
    """The filter; whatever is no label or group counts as none."""

    q: str
    label: str
    group: str

    @property
    def any(self) -> bool:
        return any(self)


class Once:
    """The catalogue, built when it is first asked for."""

    def __init__(self, build: Callable[[], Catalogue]) -> None:
        self._build = build
        self._built: Catalogue | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Catalogue:
        if self._built is None:
            with self._lock:
                if self._built is None:
                    self._built = self._build()
        return self._built


class _Views:
    """The views of one set of values; each has the whole catalogue at hand."""

    def __init__(self, site: Site, build: Callable[[], Catalogue], below: str = "") -> None:
        """`below`: the digest of the values, where they are not the shared ones."""
        self._site = site
        self._catalogue = Once(build)
        self._below = below
        self._path = f"{SECTION.path}/{below}" if below else SECTION.path

    def href(self, name: str) -> str:
        """Address of a statement, step or code set."""
        folder = "/codes/" if name in self._catalogue().code_sets else "/"
        return self._site.url(f"{self._path}{folder}{name}")

    def page(self, template: str, **context: Any) -> Response:
        return self._site.page(
            f"criteria/{template}",
            active=SECTION.path,
            catalogue=self._catalogue(),
            href=self.href,
            base=self._site.url(self._path),
            colours=COLOURS,
            own=bool(self._below),
            changed=not self._below and request.args.get(SINCE) is not None,
            **context,
        )

    def at(self, path: str) -> Any:
        """The page at a path below this set of values."""
        pages = {
            "": self.index,
            "settings": self.settings,
            "codes": self.codes,
            "samples": self.samples,
        }
        folder, _, name = path.rpartition("/")
        if folder == "codes":
            return self.code_set(name)
        if folder:
            raise RequestError(404, "not-found", UNKNOWN)
        return pages[name]() if name in pages else self.one(name)

    def index(self) -> Response:
        """All statements, or those the filter finds, and the order of decision."""
        catalogue = self._catalogue()
        asked = _asked(catalogue)
        return self.page(
            "index.html",
            tab="",
            asked=asked,
            found=search(catalogue, asked.q, asked.label, asked.group),
            shapes=diagram.diagram(catalogue),
            d=diagram,
        )

    def settings(self) -> Response:
        """Every threshold and switch."""
        return self.page("settings.html", tab="/settings")

    def codes(self) -> Response:
        """Every code set."""
        return self.page("codes.html", tab="/codes")

    def samples(self) -> Response:
        """Every sample order."""
        return self.page("samples.html", tab="/samples")

    def code_set(self, name: str) -> Response:
        """One code set."""
        found = self._catalogue().code_sets.get(name)
        if found is None:
            raise RequestError(404, "not-found", UNKNOWN)
        return self.page("code_set.html", found=found)

    def one(self, name: str) -> Any:
        """One statement or step; of `RF-INFECT-LAB:CRP` the statement."""
        catalogue = self._catalogue()
        plain = name.partition(":")[0].upper()
        known = plain in catalogue.entries or plain in catalogue.steps
        if plain in catalogue.code_sets or (known and plain != name):
            return redirect(self.href(plain), 308)
        permanent = f"{self._site.public_url}{self._path}/{plain}"
        if plain in catalogue.entries:
            entry = catalogue.entries[plain]
            return self.page("statement.html", entry=entry, permanent=permanent)
        if not known:
            raise RequestError(404, "not-found", UNKNOWN)
        names = list(catalogue.steps)
        place = names.index(plain)
        return self.page(
            "step.html",
            step=catalogue.steps[plain],
            before=names[place - 1] if place else "",
            after=names[place + 1] if place + 1 < len(names) else "",
            permanent=permanent,
        )


def criteria(
    site: Site,
    build: Callable[[Client | None], Catalogue],
    own: Mapping[str, Client | None],
) -> Blueprint:
    """The pages. `build` is called once for each set of values, for the first of its pages; None: the
    shared ones. `own`: by digest, a client with that set.
    """
    blueprint = Blueprint("pages_criteria", __name__)
    shared = _Views(site, partial(build, None))
    others = {
        digest: _Views(site, partial(build, client), digest)
        for digest, client in own.items()
        if client is not None
    }

    @blueprint.get(SECTION.path)
    @blueprint.get(f"{SECTION.path}/<path:path>")
    def page(path: str = "") -> Any:
        """A page of the shared values, or of those that a digest stands for: where no client has them
        any more, the one with the shared values, which says so.
        """
        digest, _, rest = path.partition("/")
        if not _DIGEST.fullmatch(digest):
            return shared.at(path)
        if digest in others:
            return others[digest].at(rest)
        note = "" if digest in own else f"?{SINCE}"
        return redirect(site.url(f"{SECTION.path}/{quote(rest)}".rstrip("/")) + note, 302)

    return blueprint


def _asked(catalogue: Catalogue) -> Asked:
    label, group = request.args.get("label", ""), request.args.get("group", "")
    labels = {label for entry in catalogue.entries.values() for label in entry.labels}
    return Asked(
        request.args.get("q", "")[:100].strip(),
        label if label in labels else "",
        group if group in catalogue.groups else "",
    )
