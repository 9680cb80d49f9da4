"""JSON out: responses as bytes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

# Orders go back with the decimals they came with, so Decimal is written as a number (S-6).
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    return _encoder.encode(value)


def pretty(value: Any) -> str:
    """For people: indented by two."""
    return msgspec.json.format(_encoder.encode(value), indent=2).decode("utf-8")
