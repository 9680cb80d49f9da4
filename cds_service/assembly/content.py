"""Content, read and checked, and what works on it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cds_service.client import Client
from cds_service.settings import Settings

if TYPE_CHECKING:
    from cds_service.catalogue.model import Catalogue
    from cds_service.evaluate import Evaluator
    from cds_service.facts.terminology.value_sets import Terminology
    from cds_service.rendering.library import Library


def load_terminology(settings: Settings) -> Terminology:
    """The value sets of the package and of the site."""
    from cds_service.content.terminology_files import load_terminology as load

    return load(settings.value_set_folder, settings.local_code_system)


def load_library() -> Library:
    """Cards and statements of the package."""
    from cds_service.content.folders import cards_dir, knowledge_dir
    from cds_service.rendering.library import load_library as load

    return load(cards_dir(), knowledge_dir())


def build_evaluator(
    settings: Settings, terminology: Terminology, library: Library | None = None
) -> Evaluator:
    """The use case with all its content, read and checked once."""
    from cds_service.companion.questions import load_questions
    from cds_service.content.folders import knowledge_dir
    from cds_service.content.rules import rules_version
    from cds_service.evaluate import Evaluator

    return Evaluator(
        terminology,
        library or load_library(),
        rules_version(),
        settings.canonical,
        settings.public_url,
        settings.catalogue_url,
        load_questions(knowledge_dir()),
        settings.shared_client().criteria,
    )


def build_catalogue(
    settings: Settings,
    terminology: Terminology,
    client: Client | None = None,
    library: Library | None = None,
) -> Catalogue:
    """What the service goes by, with the options of `client`; None: those all clients share."""
    from cds_service.catalogue.build import build

    library = library or load_library()
    evaluator = build_evaluator(settings, terminology, library)
    if client is None:
        client = settings.development_client() if settings.dev else settings.shared_client()
    return build(library, terminology, evaluator, client)


def override_codings(library: Library, settings: Settings) -> list[dict[str, Any]]:
    """Our override reasons as they stand on cards."""
    from cds_service.rendering.render import reason_coding

    return [
        reason_coding(reason, settings.canonical) for reason in library.override_reasons.values()
    ]
