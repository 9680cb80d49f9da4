"""Every switch and threshold of the criteria, by its dotted key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cds_service.errors import ConfigurationError


class Key(NamedTuple):
    """One configuration key: its default, what it accepts, what it means."""

    default: Any
    accepts: str
    """`bool`, `count` and `days` (whole numbers ≥ 0), `number`, `text`, `timezone`, `a|b|c`, or `days-or:<word>`."""
    meaning: str
    contested: bool = False


KEYS: dict[str, Key] = {
    "eval.timezone": Key("UTC", "timezone", "time zone in which calendar days are counted"),
    "scope.multiRegion": Key(
        False, "bool", "MRI orders of several spine regions count as cervical"
    ),
    "fever.thresholdC": Key(
        Decimal("38.0"), "number", "temperature that counts as fever, °C", True
    ),
    "fever.inclusive": Key(True, "bool", "a temperature equal to the threshold is a fever"),
    "fever.lookbackDays": Key(7, "days", "age of a temperature that still counts"),
    "crp.uln": Key(
        Decimal(10), "number", "upper limit of CRP without a laboratory range, mg/L", True
    ),
    "lab.lookbackDays": Key(30, "days", "age of CRP and ESR that still counts"),
    "esr.method": Key(
        "fixed", "fixed|miller", "upper limit of ESR without a laboratory range", True
    ),
    "infect.minMarkers": Key(
        1, "count", "how many of fever, injecting drug use, raised CRP/ESR are needed", True
    ),
    "ivdu.lookback": Key(
        "lifetime", "days-or:lifetime", "how far back injecting drug use counts", True
    ),
    "ivdu.acceptDxWithoutRoute": Key(
        False, "bool", "substance use without a route counts as injecting", True
    ),
    "cons.mode": Key(
        "band",
        "band|single",
        "band: 28–41 days may, 42 and more yes; single: one threshold (cons.fullDays)",
        True,
    ),
    "cons.minDays": Key(28, "days", "conservative treatment: start of the band", True),
    "cons.fullDays": Key(42, "days", "conservative treatment: full window", True),
    "cons.lookbackDays": Key(180, "days", "age of treatment that still counts", True),
    "cons.maxGapDays": Key(14, "days", "gap between treatments that is bridged", True),
    "cons.recencyDays": Key(60, "days", "treatment must have ended within this many days", True),
    "cons.defaultRxDays": Key(14, "days", "length of a prescription that states none", True),
    "cons.ptReferralCounts": Key(
        False, "bool", "an active physical-therapy referral counts as treatment", True
    ),
    "intractable.minDays": Key(28, "days", "treatment before pain can be called intractable", True),
    "intractable.painScore": Key(
        Decimal(7), "number", "pain score that counts as severe, 0–10", True
    ),
    "urgency.intractable": Key("urgent", "urgent|routine", "urgency of intractable pain", True),
    "acute.maxDays": Key(28, "days", "neck pain is acute below this many days"),
    "symptom.lookbackDays": Key(
        90, "days", "age of a symptom outside the problem list that still counts"
    ),
    "exam.lookbackDays": Key(30, "days", "age of an examination that still counts"),
    "neuro.subjectiveSensoryIsRedFlag": Key(
        True, "bool", "reported numbness or tingling is a red flag", True
    ),
    "neuro.radiculopathyDxIsDeficit": Key(
        False, "bool", "a radiculopathy diagnosis alone is a deficit", True
    ),
    "trauma.acuteDays": Key(7, "days", "an injury is acute up to this day", True),
    "trauma.windowDays": Key(30, "days", "an injury is recent up to this day", True),
    "malig.excludeNMSC": Key(True, "bool", "non-melanoma skin cancer does not count", True),
    "malig.yearsSinceResolved": Key(
        "none", "days-or:none", "years after which a resolved cancer no longer counts", True
    ),
    "inflam.includeCrystal": Key(
        False, "bool", "gout and CPPD count as inflammatory arthritis", True
    ),
    "emerg.acuteDays": Key(7, "days", "onset within this many days is acute", True),
    "emerg.mrcMax": Key(
        Decimal(3), "number", "muscle strength (MRC) that counts as severe weakness", True
    ),
    "emerg.text": Key(
        "Acute cord compromise pathway: immobilise if trauma, steroids or antibiotics per local protocol, call spine surgery.",
        "text",
        "line on emergency cards (no drug doses)",
    ),
    "urgency.mode": Key(
        "tiered", "tiered|article", "article: every red flag urgent, no emergency tier", True
    ),
    "dup.days": Key(90, "days", "a cervical MRI within this many days is recent", True),
    "egfr.threshold": Key(
        Decimal(30), "number", "eGFR below which gadolinium needs care, mL/min/1.73 m²", True
    ),
    "egfr.lookbackDays": Key(90, "days", "age of an eGFR that still counts", True),
    "age.adultMin": Key(18, "count", "age in years from which the criteria are meant"),
    "trauma.ageMin": Key(
        16, "count", "age in years from which NEXUS and the Canadian C-Spine Rule are used"
    ),
    "radicular.outcome": Key(
        "MRI_MAY", "MRI_MAY|MRI_ROUTINE", "outcome of radicular symptoms without a red flag", True
    ),
    "pama.mayAs": Key(
        "appropriate",
        "appropriate|not-appropriate|no-criteria-apply",
        "PAMA code of `may be appropriate`",
        True,
    ),
    "redflag.missing": Key(
        "closed-world",
        "closed-world|undetermined",
        "undetermined: unknown red flags turn NOT_YET into INSUFFICIENT",
    ),
    "cards.maxOverlays": Key(3, "count", "overlay cards per order"),
    "ext.emergent": Key(True, "bool", "EXT-EMERG: emergency tier"),
    "ext.region": Key(True, "bool", "EXT-REGION, EXT-CAUDA: lumbar findings"),
    "ext.radicular": Key(True, "bool", "EXT-RADICULAR: radicular symptoms without a red flag"),
    "ext.duplicate": Key(True, "bool", "EXT-DUP-RECENT, EXT-DUP-PENDING: the same study"),
    "ext.contrast": Key(True, "bool", "EXT-CONTRAST-*: with or without contrast"),
    "ext.mrsafety": Key(True, "bool", "EXT-MRS-*: implants"),
    "ext.gad": Key(True, "bool", "EXT-GAD-*, EXT-PREG-MRI: gadolinium and pregnancy"),
    "ext.age": Key(True, "bool", "EXT-AGE: children"),
    "ext.nexus": Key(True, "bool", "EXT-NEXUS-*"),
    "ext.ccr": Key(True, "bool", "EXT-CCR-*"),
    "ext.obtunded": Key(True, "bool", "EXT-OBTUNDED"),
    "ext.traumatender": Key(True, "bool", "EXT-TRAUMA-TENDER"),
    "ext.ctpos": Key(True, "bool", "EXT-TRAUMA-CTPOS"),
    "ext.mimic": Key(False, "bool", "EXT-NEURO-MIMIC: needs a site value set"),
    "ext.immuno": Key(False, "bool", "EXT-IMMUNO: immunosuppression as a red flag"),
    "ext.wbc": Key(False, "bool", "EXT-WBC: raised white cells as a red flag"),
    "ext.weightloss": Key(False, "bool", "EXT-WEIGHTLOSS: needs a site value set"),
    "ext.dish": Key(False, "bool", "EXT-DISH: needs a site value set"),
    "ext.pama": Key(True, "bool", "EXT-PAMA: rating extensions on the order"),
}


class CriteriaConfig:
    """Frozen values of every key; read with `config["fever.thresholdC"]`."""

    __slots__ = ("_values", "digest", "zone")

    def __init__(self, overrides: Mapping[str, object] | None = None) -> None:
        """Take `overrides` by dotted key; strings are parsed, so `--set` can pass them.

        Raises ConfigurationError naming the key and what it accepts.
        """
        values = {name: key.default for name, key in KEYS.items()}
        for name, raw in (overrides or {}).items():
            values[name] = _parse(name, raw)
        self._values = values
        self.zone = ZoneInfo(values["eval.timezone"])
        self.digest = digest(values)
        """12 hex digits that are the same for the same values, in whatever way they were written."""

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def items(self) -> list[tuple[str, Any]]:
        return list(self._values.items())


def digest(values: Mapping[str, Any]) -> str:
    """12 hex digits of every key with its value, so a new key, or another default, is another digest."""
    written = {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:12]


_SENSIBLE: dict[str, tuple[Any, Any]] = {
    "fever.thresholdC": (Decimal("36.5"), Decimal(41)),
    "crp.uln": (Decimal("0.1"), Decimal(100)),
    "intractable.painScore": (Decimal(1), Decimal(10)),
    "emerg.mrcMax": (Decimal(0), Decimal(5)),
    "egfr.threshold": (Decimal(1), Decimal(120)),
    "age.adultMin": (0, 30),
    "trauma.ageMin": (0, 30),
    "infect.minMarkers": (1, 3),
    "cards.maxOverlays": (0, 20),
}
"""Bounds beyond which a threshold is a slip: °F for °C, a pain score of 70."""


def _parse(name: str, raw: object) -> Any:
    key = KEYS.get(name)
    if key is None:
        near = [k for k in KEYS if k.split(".")[0] == name.split(".")[0]]
        raise ConfigurationError(f"unknown key {name}; known here: {', '.join(near or KEYS)}")
    try:
        value = _convert(key.accepts, raw)
    except (ValueError, InvalidOperation, ZoneInfoNotFoundError):
        raise ConfigurationError(
            f"{name}: takes {key.accepts.replace('|', ' or ')} ({key.meaning})"
        ) from None
    low, high = _SENSIBLE.get(name, (value, value))
    if not low <= value <= high:
        raise ConfigurationError(f"{name}: takes {low} to {high} ({key.meaning})")
    return value


def _convert(accepts: str, raw: object) -> Any:
    text = str(raw).strip()
    if accepts == "bool":
        lowered = text.lower()
        if lowered not in ("true", "false"):
            raise ValueError
        return lowered == "true"
    if accepts in ("count", "days"):
        return _whole(text)
    if accepts == "number":
        if isinstance(raw, bool):
            raise ValueError
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError
        return number
    if accepts.startswith("days-or:"):
        return text if text == accepts.removeprefix("days-or:") else _whole(text)
    if accepts == "timezone":
        ZoneInfo(text)
        return text
    if accepts == "text":
        return text
    if text not in accepts.split("|"):
        raise ValueError
    return text


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError
    return int(text)
