"""Options are checked where they are said, not where they are first needed."""

from typing import Any

import pytest

import realtime_sync as rs
from realtime_sync.broadcast.options import Options


@pytest.mark.parametrize(
    "said",
    [
        {"overflow": "drop"},
        {"history": 1_000},
        {"limits": {"max_depth": 3}},
        {"readers": rs.Limits()},
        {"load": "a document"},
        {"on_resync": 3},
        {"default": {}},
        {"channel_ttl_s": 0},
        {"window_ms": -1},
        {"max_queue_size": 0},
    ],
    ids=str,
)
def test_what_an_option_cannot_be_is_refused_by_its_name(said: dict[str, Any]) -> None:
    [name] = said
    with pytest.raises((TypeError, ValueError), match=f"'{name}' must be"):
        Options.of({"authorize": rs.allow_everyone, **said})  # type: ignore[typeddict-item]


def test_an_option_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(TypeError, match="no option 'window', only authorize, codecs, window_ms"):
        Options.of({"authorize": rs.allow_everyone, "window": 3})  # type: ignore[typeddict-unknown-key]
