"""One stock of drawn logos and photos for all tests of the folder."""

from __future__ import annotations

import pytest

from tests.training.logos.tiny_stock import open_stock
from training.logos.stock import Stock


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    return open_stock(tmp_path_factory.mktemp("logos"))
