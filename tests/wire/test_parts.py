"""A frame in pieces, and what is no piece."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_sync.errors import ProtocolError
from realtime_sync.wire.parts import Part, is_part, split_bytes, split_text

PART = {"type": "part", "id": "7", "index": 0, "count": 2, "data": b"ab"}


@given(data=st.binary(min_size=1), max_bytes=st.integers(1, 20))
def test_pieces_of_bytes_are_small_and_make_up_the_whole(data: bytes, max_bytes: int) -> None:
    parts = split_bytes(data, "7", max_bytes)
    assert b"".join(part.data for part in parts if isinstance(part.data, bytes)) == data
    assert all(len(part.data) <= max_bytes for part in parts)
    assert [(part.index, part.count) for part in parts] == [(index, len(parts)) for index in range(len(parts))]


@given(text=st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])), max_bytes=st.integers(1, 20))
def test_pieces_of_text_are_cut_between_characters(text: str, max_bytes: int) -> None:
    pieces = [part.data for part in split_text(text.encode(), "7", max_bytes)]
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == text
    assert all(len(piece.encode()) <= max(max_bytes, 4) for piece in pieces if isinstance(piece, str))


@pytest.mark.parametrize("data", [b"ab", "ab"])
def test_a_part_survives_the_wire(data: Any) -> None:
    part = Part("7", 1, 3, data)
    assert Part.from_wire(part.to_wire()) == part
    assert is_part(part.to_wire())


@pytest.mark.parametrize(
    "change",
    [
        {"type": "poem"},
        {"id": ""},
        {"id": "x" * 65},
        {"id": 7},
        {"index": -1},
        {"index": 2},
        {"index": True},
        {"index": 0.0},
        {"count": 0},
        {"count": 2**53},
        {"count": "2"},
        {"data": b""},
        {"data": ""},
        {"data": None},
        {"data": [1]},
    ],
)
def test_what_is_no_part_is_refused(change: dict[str, Any]) -> None:
    assert Part.from_wire(PART).data == b"ab"
    with pytest.raises(ProtocolError):
        Part.from_wire({**PART, **change})


@pytest.mark.parametrize("body", [None, b"part", "part", ["part"], {"type": "delta"}, {}])
def test_other_bodies_are_no_parts(body: Any) -> None:
    assert not is_part(body)
