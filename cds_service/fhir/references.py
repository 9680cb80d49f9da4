"""Whose resource is it: FHIR references compared with the patient in context."""

from __future__ import annotations


def relative(reference: str | None, fhir_server: str | None = None) -> str | None:
    """`Type/id` of a relative, versioned or absolute reference; None for anything else.

    An absolute one must lie directly under `fhirServer`: the same id on another server is another
    patient. Contained (`#p`), identifier-only and `urn:` references name nobody we can check.
    """
    if not reference or reference.startswith("#"):
        return None
    if "://" in reference:
        if not fhir_server:
            return None
        base = fhir_server.rstrip("/") + "/"
        if not reference.startswith(base):
            return None
        reference = reference[len(base) :]
    elif ":" in reference:
        return None
    parts = reference.split("/")
    if len(parts) == 4 and parts[2] == "_history" and parts[3]:
        parts = parts[:2]
    if len(parts) != 2 or not all(parts):
        return None
    return f"{parts[0]}/{parts[1]}"
