"""Every exception the service raises on purpose."""

from __future__ import annotations


class CdsServiceError(Exception):
    """Base of all of them; the text is ours and holds nothing from a request."""


class ConfigurationError(CdsServiceError):
    """A setting, card, statement or value set is wrong; the text names file, place and mend."""


class RequestError(CdsServiceError):
    """A call we refuse. `status` is the HTTP status, `code` the OperationOutcome issue code."""

    def __init__(self, status: int, code: str, text: str, diagnostics: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.diagnostics = diagnostics


class BadRequest(RequestError):  # noqa: N818  (the name of the HTTP status)
    """400: the body is not the JSON or not the CDS Hooks request we publish."""

    def __init__(self, code: str, text: str, diagnostics: str | None = None) -> None:
        super().__init__(400, code, text, diagnostics)


class EditRefused(BadRequest):
    """400: a page asked for a change that cannot be made; the text says where and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__("value", text)


class StoreUnavailable(RequestError):  # noqa: N818  (what happened, not what it is)
    """503: feedback cannot be stored just now; nothing of it was, and the client sends it again."""

    retry_after = 5
    """Seconds."""

    def __init__(self) -> None:
        super().__init__(503, "transient", "feedback cannot be stored just now; send it again")


class TooLarge(RequestError):  # noqa: N818  (the name of the HTTP status)
    """413: more than this service reads in one call."""

    def __init__(self, text: str) -> None:
        super().__init__(413, "too-long", text)


class Throttled(RequestError):  # noqa: N818  (what happened, not what it is)
    """429: this client calls more often than it may; `retry_after` are seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(429, "throttled", "too many calls; wait and try again")
        self.retry_after = retry_after


class DataNotAvailable(RequestError):  # noqa: N818  (what happened, not what it is)
    """412: required data was neither prefetched nor reachable (CDS Hooks, Prefetch)."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(
            412,
            "processing",
            "Data needed to rate this order could not be obtained",
            f"prefetch key '{key}' {why}",
        )
        self.key = key


class CallerRefused(RequestError):  # noqa: N818  (what happened, not what it is)
    """401, 403 or 503: the caller is not known, not allowed, or cannot be verified just now.

    `reason` is a code from a closed list; it goes to the log, never into the answer (CDS Hooks,
    SEC-10). `client` is the name of the client that the token claims to be from, if there is one.
    """

    def __init__(
        self, status: int, reason: str, client: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(status, "security", reason)
        self.reason = reason
        self.client = client
        self.retry_after = retry_after


class LaunchFailed(CdsServiceError):  # noqa: N818  (what happened, not what it is)
    """The companion app could not be launched. `reason` is a code from a closed list, for log and
    page: `server`, `state`, `refused`, `configuration`, `token`, `id-token`, `patient`, `chart`,
    `handle`, `over`, `crowd`, `several`, `user`, `iss`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
