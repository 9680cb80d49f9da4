"""The real content, loaded once."""

import pytest

from cds_service.content.folders import cards_dir, knowledge_dir
from cds_service.rendering.library import Library, load_library


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library(cards_dir(), knowledge_dir())
