"""A replica whose document went wrong behind its back finds out, says so, and is right again."""

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from realtime_sync.document.equality import json_equal
from realtime_sync.jsontypes import Json
from realtime_sync.position import Position
from realtime_sync.replication.check_schedule import DELTAS_PER_CHECK
from realtime_sync.replication.primary import Primary
from realtime_sync.replication.replica import (
    ChecksumMismatch,
    EventReceived,
    EventsDropped,
    Happening,
    PatchApplied,
    Replica,
    ResyncNeeded,
    SnapshotReplaced,
    State,
)
from realtime_sync.testing.strategies import GraphEdit, edit_somewhere, graph_edits, json_values, task_graphs
from realtime_sync.wire.frames import Delta, Keyframe, frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import Answer, Outcome

DETECTED_WITHIN = 3 * DELTAS_PER_CHECK
"""Deltas, for documents that are covered whole by one check."""


class Watched:
    """A primary and a live replica of it; what the replica asks is answered with the next frame.

    Attributes:
        happened: Everything that the replica reported since `forget`.
        frames: Deltas that were sent.
    """

    def __init__(self, document: Json) -> None:
        self.primary = Primary("A")
        self.replica = Replica(uniform=lambda: 0.0)
        self.happened: list[Happening] = []
        self.frames = 0
        self.now = 0.0
        self.primary.publish(document)
        self.primary.take()
        self.primary.commit(self.now)
        self.answer(self.replica.request(self.now))
        self.happened.clear()

    def flush(self) -> None:
        """Send one delta; an event with it, so that there is always something to send."""
        self.now += 1.0
        self.frames += 1
        self.primary.emit("tick", self.frames)
        frame = self.primary.take()
        assert isinstance(frame, Delta)
        self.primary.commit(self.now)
        self.take(self.replica.receive_frame(frame_from_wire(copy.deepcopy(frame_to_wire(frame))), None, self.now))

    def take(self, happened: list[Happening]) -> None:
        self.happened += happened
        for happening in happened:
            if isinstance(happening, ResyncNeeded):
                self.answer(happening)

    def answer(self, asked: ResyncNeeded) -> None:
        cut = self.primary.catch_up(asked.position, self.now)
        assert cut.outcome is Outcome.KEYFRAME
        assert cut.keyframe is not None
        keyframe = Keyframe(cut.keyframe.position, copy.deepcopy(cut.keyframe.document))
        self.happened += self.replica.receive_frame(
            keyframe, Answer(cut.outcome, asked.request, "json", cut.position), self.now
        )

    def reported(self, kind: type[Happening]) -> list[Any]:
        return [happening for happening in self.happened if isinstance(happening, kind)]

    def flush_until_found(self, within: int) -> None:
        for _ in range(within):
            self.flush()
            if self.reported(ChecksumMismatch):
                return
        pytest.fail(f"not found within {within} deltas")


def corrupt(watched: Watched, data: st.DataObject) -> None:
    """Change something in the replica's document."""
    holder: list[Json] = [copy.deepcopy(watched.replica.document)]
    edit_somewhere(holder, lambda n: data.draw(st.integers(0, n - 1)), lambda: data.draw(json_values(max_leaves=3)))
    assume(not json_equal(holder[0], watched.replica.document))
    watched.replica.document = holder[0]


@given(document=task_graphs() | json_values(), data=st.data())
def test_any_wrong_value_is_found_though_nobody_writes_there_any_more(document: Json, data: st.DataObject) -> None:
    watched = Watched(document)
    for _ in range(data.draw(st.integers(0, 40))):
        watched.flush()
    corrupt(watched, data)
    wrong = watched.replica.document
    watched.flush_until_found(DETECTED_WITHIN)
    assert json_equal(watched.replica.document, watched.primary.document), "fetched anew"
    assert watched.replica.state is State.LIVE
    found = watched.happened.index(watched.reported(ChecksumMismatch)[0])
    shown = [one.document for one in watched.happened[found:] if isinstance(one, (PatchApplied, SnapshotReplaced))]
    assert not any(json_equal(document, wrong) for document in shown)


@given(graph=task_graphs(), edits=graph_edits(min_size=3), data=st.data())
def test_edits_of_a_wrong_document_do_not_hide_it(graph: Any, edits: list[GraphEdit], data: st.DataObject) -> None:
    watched = Watched(graph)
    corrupt(watched, data)
    for number in range(DETECTED_WITHIN):
        if number < len(edits):
            graph = copy.deepcopy(graph)
            edits[number].apply(graph)
            watched.primary.publish(graph)
        watched.flush()
    # A patch that does not fit any more finds it too; and an edit may have overwritten what was wrong.
    assert watched.replica.state is State.LIVE
    assert json_equal(watched.replica.document, watched.primary.document)


def wrong_at_the_check() -> Watched:
    """Return a replica that is wrong, one delta before the check that finds it."""
    watched = Watched({"settled": {"a": 1}, "text": ""})
    watched.replica.document = {"settled": {"a": True}, "text": ""}
    for _ in range(DELTAS_PER_CHECK - 1):
        watched.flush()
    watched.happened.clear()
    return watched


def test_a_mismatch_is_told_with_its_place_and_what_was_lost_before_the_new_document() -> None:
    watched = wrong_at_the_check()
    watched.primary.append_text("/text", "new")
    watched.flush()
    at = Position("A", DELTAS_PER_CHECK + 1)
    kinds = [type(happening).__name__ for happening in watched.happened]
    assert kinds == [
        "ChecksumMismatch",
        "EventsDropped",
        "StateChanged",
        "ResyncNeeded",
        "StateChanged",
        "SnapshotReplaced",
        "Resynced",
    ]
    assert watched.happened[0] == ChecksumMismatch(at, ("",))
    assert watched.happened[1] == EventsDropped(1)
    assert watched.replica.position == at


def test_what_a_wrong_delta_would_show_is_never_shown() -> None:
    watched = wrong_at_the_check()
    watched.take = lambda happened: watched.happened.extend(happened)  # type: ignore[method-assign]  # no answer comes
    before = watched.replica.document
    watched.primary.append_text("/text", "new")
    watched.flush()
    assert watched.replica.document is before
    assert watched.replica.state is State.EMPTY
    for _ in range(3 * DELTAS_PER_CHECK):
        watched.flush()
        assert watched.replica.state is State.EMPTY, "live again only with another document"
    assert len(watched.reported(ResyncNeeded)) == 1
    assert not watched.reported(EventReceived)
    assert watched.reported(ResyncNeeded)[0].position is None


def test_a_copy_of_a_large_document_is_found_to_be_wrong_within_two_rounds() -> None:
    nodes = {f"n{number}": {"text": "word " * 40, "calls": [1, 2, 3]} for number in range(400)}
    watched = Watched({"nodes": nodes})
    document: Any = copy.deepcopy(watched.replica.document)
    document["nodes"]["n250"]["calls"][1] = True
    watched.replica.document = document
    # 400 nodes of 11 values, and the two containers that are too large to be covered whole: 5,200 + 2,048, at 512.
    watched.flush_until_found(2 * 20 * DELTAS_PER_CHECK)
    assert json_equal(watched.replica.document, watched.primary.document)


def test_a_catch_up_carries_the_check_of_the_last_delta_it_covers() -> None:
    watched = Watched({"n": 0})
    for _ in range(DELTAS_PER_CHECK):
        watched.flush()
    cut = watched.primary.catch_up(Position("A", 5), watched.now)
    assert cut.delta is not None
    assert cut.delta.check is not None
    behind = Replica(uniform=lambda: 0.0)
    asked = behind.request(0.0)
    behind.receive_frame(Keyframe(Position("A", 5), {"n": 1}), Answer(Outcome.KEYFRAME, asked.request, "json"), 0.0)
    happened = behind.receive_frame(cut.delta, None, 0.0)
    assert any(isinstance(one, ChecksumMismatch) for one in happened)
