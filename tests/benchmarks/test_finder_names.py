"""One name, one finder: the matcher, another library, or one of your own."""

from __future__ import annotations

import pytest

from benchmarks.finder import finder_by_name
from matcher.config import Settings
from matcher.errors import MatcherError, UsageError
from tests.benchmarks.histogram_finder import HistogramFinder

MINE = "python:tests.benchmarks.histogram_finder:histogram_finder"


def test_a_finder_of_ones_own_is_named_by_its_function() -> None:
    assert isinstance(finder_by_name(MINE, Settings()), HistogramFinder)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("flights", "no finder 'flights'; there are matcher, peer:NAME and python:MODULE:FUNCTION"),
        ("peer:", "no finder 'peer:'"),
        ("python:json", "no finder 'python:json'"),
        ("python:nowhere:find", "cannot be imported"),
        ("python:json:nothing", "cannot be imported"),
        ("python:json:loads", "cannot be made: the JSON object must be str"),
        ("python:builtins:dict", "gives dict, which has no name"),
    ],
)
def test_another_name_is_said(name: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        finder_by_name(name, Settings())


def test_a_peer_that_is_none_is_said() -> None:
    with pytest.raises(MatcherError, match="flights"):
        finder_by_name("peer:flights", Settings())
