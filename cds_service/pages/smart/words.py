"""What the companion app says when it cannot go on; the same words whoever asks for what is not theirs."""

from __future__ import annotations

from typing import Final, NamedTuple


class Problem(NamedTuple):
    """What happened, what to do, and the status of the answer."""

    status: int
    title: str
    advice: str


_AGAIN: Final = (
    "Go back to the order and select it again: its card then has a fresh link. "
    "The order can be placed as usual without this app."
)

PROBLEMS: Final = {
    "server": Problem(
        403,
        "This app is not set up for that system",
        "Open it from a card in your record system. If you did, tell whoever runs this service which "
        "system it was.",
    ),
    # Names no server, and says it to everybody who leaves it out.
    "iss": Problem(
        400,
        "This address does not say which system to log in to",
        "Open the app from a card in your record system. To open it by itself, its address needs the "
        "FHIR server of your record system: /smart/launch?iss=https://… Whoever runs this service "
        "knows which.",
    ),
    # Says nothing of who they are: whoever registers the app knows his own name.
    "several": Problem(
        400,
        "This address does not say whose launch it is",
        "Several clients of this service open the app from this system. Tell whoever registered the "
        "app: its launch address needs the client's name behind /smart/launch/. Until then enter the "
        "answers in the record instead; the order can be placed as usual without this app.",
    ),
    "state": Problem(
        400,
        "This launch was not begun here",
        "It was begun in another window, or too long ago. Open the app again from the card.",
    ),
    "refused": Problem(
        403,
        "Your record system did not let the app in",
        "Open it again from the card and allow access, or enter the answers in the record instead.",
    ),
    "configuration": Problem(
        503,
        "The log-in of your record system cannot be used",
        "It does not answer, or not as it should. Try again in a few minutes; if this stays, tell "
        "whoever runs this service. The order can be placed as usual without this app.",
    ),
    "crowd": Problem(
        503,
        "Too many are logging in at this moment",
        "Wait a few seconds, then open the app again from the card. The order can be placed as usual "
        "without it.",
    ),
    "token": Problem(
        403,
        "The log-in was not completed",
        "Open the app again from the card. If this stays, tell whoever runs this service.",
    ),
    "id-token": Problem(
        403,
        "The log-in does not say reliably who you are",
        "Open the app again from the card. If this stays, tell whoever runs this service.",
    ),
    "user": Problem(
        403,
        "The log-in does not name the person the card was made for",
        "It names nobody, or a role. Opening the app again does not help: enter the answers in the "
        "record instead, and tell whoever runs this service that the log-in has to name you as "
        "Practitioner. The order can be placed as usual without this app.",
    ),
    "patient": Problem(
        400,
        "No patient is open",
        "Open the patient's chart first, then the app from the card of the order.",
    ),
    "chart": Problem(
        503,
        "The record cannot be read",
        "Patient and conditions are needed, and could not be read. Try again in a moment, or enter the "
        "answers in the record instead.",
    ),
    # Used, expired, overtaken, unknown, another user's, another patient's, another client's: nobody learns which.
    "handle": Problem(404, "This link is no longer good", _AGAIN),
    "over": Problem(400, "This page has been open for too long", _AGAIN),
    "busy": Problem(
        503,
        "Your answers cannot be kept or read",
        "Try again in a moment, or enter the answers in the record instead.",
    ),
}
