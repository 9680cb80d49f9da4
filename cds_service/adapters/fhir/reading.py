"""One query, page by page, into what the same query would have brought as prefetch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

from cds_service.adapters.fhir.addresses import Base
from cds_service.adapters.fhir.errors import ANSWERS, FetchError, Why
from cds_service.adapters.fhir.queries import Query, is_answer
from cds_service.cdshooks.salvage import PrefetchEntry, read_resource
from cds_service.fhir import resources as r

MAX_PAGES: Final = 5
MAX_ENTRIES: Final = 1000
COULD_NOT_READ: Final = PrefetchEntry(present=True, value=r.OperationOutcome())
"""Asked and failed, which is what an OperationOutcome under a prefetch key says."""

Get = Callable[[str], bytes]
"""The body behind a URL. Raises FetchError."""
IsOwn = Callable[[object], bool]
"""Whether a resource is about the patient of the call, or about nobody by its nature."""


class Reading:
    """A search or a read. `run` works in a thread; the rest may be asked at any moment."""

    def __init__(self, query: Query, base: Base, is_own: IsOwn) -> None:
        self._query = query
        self._url: str | None = query.url
        self._base = base
        self._is_own = is_own
        self._pages: list[PrefetchEntry] = []
        self._bodies: list[bytes] = []
        self._lock = threading.Lock()
        self.answered = False
        """Whether the server answered anything at all, be it a refusal."""
        self.failed: Why | None = None

    def run(self, get: Get) -> None:
        """Read until the last page, a limit or a fault."""
        visited: set[str] = set()
        entries = 0
        try:
            while self._url is not None:
                if len(visited) == MAX_PAGES or entries >= MAX_ENTRIES:
                    return
                visited.add(self._url)
                body = get(self._url)
                self.answered = True
                page = self._page(body)
                if isinstance(page.value, r.Bundle):
                    entries += len(page.value.entry or [])
                following = self._following(page, self._url)
                with self._lock:
                    self._pages.append(page)
                    self._bodies.append(body)
                    self._url = following
                if following is not None and (
                    following in visited or not self._base.holds(following)
                ):
                    return
        except FetchError as error:
            self.fail(error.why)

    def fail(self, why: Why) -> None:
        with self._lock:
            self.failed = why
            self.answered = self.answered or why in ANSWERS
            if why == "other-patient":
                # Whoever mixes patients on one page is not believed about the others.
                self._pages.clear()
                self._bodies.clear()

    def outcome(self, *, filtered: bool = False) -> tuple[PrefetchEntry, tuple[bytes, ...]]:
        """What was read by now, and its bytes. `filtered`: the token shows only a part."""
        with self._lock:
            begun = self._query.begun
            pages = [begun, *self._pages] if begun is not None else list(self._pages)
            bodies = tuple(self._bodies)
            whole = self._url is None and not filtered
        if not pages:
            return COULD_NOT_READ, ()
        if not self._query.search or (len(pages) == 1 and whole):
            return pages[0], bodies
        bundles = [page.value for page in pages if isinstance(page.value, r.Bundle)]
        merged = r.Bundle(
            total=bundles[0].total,
            link=None if whole else [r.Link(relation="next")],
            entry=[entry for bundle in bundles for entry in bundle.entry or []],
        )
        return PrefetchEntry(True, merged, sum(page.unreadable for page in pages)), bodies

    def _page(self, body: bytes) -> PrefetchEntry:
        try:
            page = read_resource(body)
        except ValueError:
            raise FetchError("not-fhir") from None
        if not self._query.search:
            if page.unreadable or isinstance(page.value, r.Bundle | r.OperationOutcome | None):
                raise FetchError("not-fhir")
            if not is_answer(self._query, page.value) or not self._is_own(page.value):
                raise FetchError("other-patient")
            return page
        if not isinstance(page.value, r.Bundle):
            raise FetchError("not-fhir")
        if not all(self._is_own(entry.resource) for entry in page.value.entry or []):
            raise FetchError("other-patient")
        return page

    def _following(self, page: PrefetchEntry, url: str) -> str | None:
        if not isinstance(page.value, r.Bundle):
            return None
        links = [link.url for link in page.value.link or [] if link.relation == "next"]
        if not links:
            return None
        try:
            return urljoin(url, links[0] or "")
        except ValueError:
            return ""
