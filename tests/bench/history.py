"""A made-up history of a busy service, poured into a store as fast as its database takes it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.rows import insert_new, issued_rows
from cds_service.issued import Rated, Slip

BEGIN: Final = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
SECONDS: Final = 2 * 365 * 86400
VERSIONS: Final = 12
PROFILES: Final = 250
"""Of each version."""
CLIENTS: Final = ("north", "south", "east", "west")
OUTCOMES: Final = (
    "NOT_YET", "INSUFFICIENT", "MRI_URGENT", "MRI_ROUTINE", "CT_FIRST", "MRI_MAY", "DUPLICATE",
    "NO_CRITERIA", "MRI_EMERGENT",
)  # fmt: skip
SUGGESTIONS: Final = ("replace-with-physical-therapy", "raise-priority", "replace-with-ct")
REASONS: Final = ("other", "red-flag-not-coded", "patient-preference", "specialist-planning", None)
_SYSTEM: Final = "http://example.org/cervical-mri/CodeSystem/override-reason"
_BATCH: Final = 20_000

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]

LARGE: Final = (t.RATINGS, t.CARDS, t.SUGGESTIONS, t.FEEDBACK, t.FEEDBACK_SUGGESTIONS)


def fill(url: sa.URL, cards: int, feedback: int) -> None:
    """So many ratings, as many cards, half as many suggestions, and so many events on the cards."""
    profiles = _profiles()
    with transaction(url, wait=60.0) as connection:
        schema.upgrade(connection)
        for table in (t.PROFILES, t.PROFILE_STATEMENTS, t.PROFILE_QUESTIONS):
            rows = profiles[table]
            insert_new(connection, table, rows)
    judged = [(row["id"], row["outcome"]) for row in profiles[t.PROFILES]]
    history = _history(judged, cards, feedback)
    if url.get_backend_name() == "sqlite":
        _into_sqlite(str(url.database), history)
    else:
        _into_postgresql(url, history)


def tell(url: sa.URL, weeks: int) -> None:
    """One event more, of an id of its own, on the last card of each of the last weeks."""
    card = sa.select(t.CARDS.c.uuid, t.CARDS.c.client, t.CARDS.c.at)
    with transaction(url, wait=60.0) as connection:
        for week in range(weeks):
            before = UUID(int=(BEGIN + SECONDS - week * 7 * 86400) << 96)
            last = card.where(t.CARDS.c.uuid < before).order_by(t.CARDS.c.uuid.desc()).limit(1)
            uuid, client, at = connection.execute(last).one()
            row = {"id": uuid4(), "client": client, "card": uuid, "outcome": "overridden"}
            times = dict.fromkeys(("issued", "outcome_at", "received_at"), at)
            connection.execute(t.FEEDBACK.insert(), row | times)


def _profiles() -> Any:
    dice = random.Random(1)
    slip = Slip(client="x", hook="x", hook_instance=None, at=datetime.now(UTC), identities=None)
    slip.rated = tuple(
        _rated(version, dice) for version in range(VERSIONS) for _ in range(PROFILES)
    )
    return issued_rows([(slip, 0.0, 0.0)])


def _rated(version: int, dice: random.Random) -> Rated:
    outcome = OUTCOMES[int(len(OUTCOMES) * dice.random() ** 2)]
    return Rated(
        order_code=dice.choice(("72141", "72142", "72156")),
        outcome=outcome,
        rating=None if outcome == "INSUFFICIENT" else "appropriate",
        step="P1",
        version=f"0.{version}.0+abcdef012345",
        fired=tuple(f"STATEMENT-{dice.randrange(60)}" for _ in range(dice.randrange(1, 5))),
        advisory=(),
        missing=tuple(f"question {dice.randrange(20)}" for _ in range(dice.randrange(4))),
        sent=0,
        cards=(),
    )


def _history(judged: list[tuple[int, str]], cards: int, feedback: int) -> Iterator[Rows]:
    """Rows by table, in the order of time, some thousand at a time. Of ten orders one gets no card
    and one an overlay too; of twenty one is the second of its call.
    """
    dice = random.Random(2)
    share = feedback / cards
    numbers = iter(range(cards))
    while batch := list(islice(numbers, _BATCH)):
        rows: Rows = {table.name: [] for table in LARGE}
        for number in batch:
            _order(number, BEGIN + SECONDS * number // cards, judged, share, dice, rows)
        yield rows


def _order(
    number: int,
    second: int,
    judged: list[tuple[int, str]],
    share: float,
    dice: random.Random,
    rows: Rows,
) -> None:
    def new() -> str:
        return f"{second:08x}{dice.getrandbits(96):024x}"

    # What is common is much more common than what is rare, and every version has its time.
    version = (second - BEGIN) * VERSIONS // SECONDS
    profile, outcome = judged[version * PROFILES + int(PROFILES * dice.random() ** 3)]
    rating, at, client = new(), second * 1000 + dice.randrange(1000), dice.choice(CLIENTS)
    sent = (0, 2, 1, 1, 1, 1, 1, 1, 1, 1)[number % 10]
    call = new() if number % 20 == 7 else rating
    evaluate = int(dice.lognormvariate(7.5, 0.6))
    rows["ratings"].append(
        (rating, call, at, client, "order-select", new(), profile, sent, evaluate,
         evaluate + int(dice.lognormvariate(8, 0.8)), None, None, sent > 0)
    )  # fmt: skip
    for place in range(sent):
        card, code = new(), outcome if place == 0 else f"EXT-{number % 7}"
        rows["cards"].append((card, rating, at, client, profile, code, "info", place == 0))
        suggestion = new() if dice.random() < 0.5 else None
        if suggestion:
            rows["suggestions"].append((suggestion, card, dice.choice(SUGGESTIONS)))
        while dice.random() < share / (1 + share):
            _event(card, suggestion, client, at, dice, rows)


def _event(
    card: str, suggestion: str | None, client: str, at: int, dice: random.Random, rows: Rows
) -> None:
    id_, told = f"{dice.getrandbits(128):032x}", at + dice.randrange(600_000)
    if suggestion and dice.random() < 0.4:
        rows["feedback"].append((id_, client, card, "accepted", None, None, at, told, told))
        rows["feedback_suggestions"].append((id_, suggestion))
        return
    reason = dice.choice(REASONS)
    system = reason and _SYSTEM
    rows["feedback"].append((id_, client, card, "overridden", system, reason, at, told, told))


def _into_sqlite(file: str, history: Iterable[Rows]) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=OFF")
    for rows in history:
        for table in LARGE:
            places = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({places})", rows[table.name])
        connection.commit()
    connection.close()


def _into_postgresql(url: sa.URL, history: Iterable[Rows]) -> None:
    import psycopg

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        for rows in history:
            for table in LARGE:
                names = ", ".join(column.name for column in table.columns)
                with connection.cursor().copy(
                    f"COPY {table.name} ({names}) FROM STDIN".encode()
                ) as copy:
                    copy.write("".join(map(_line, rows[table.name])))
            connection.commit()
        connection.commit()
        connection.autocommit = True
        # What the server does by itself within minutes.
        connection.execute("VACUUM ANALYZE")


def _line(row: Row) -> str:
    return "\t".join("\\N" if cell is None else str(cell) for cell in row) + "\n"
