"""The writing end: capture, cut, recover."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from realtime_sync.document.equality import json_equal
from realtime_sync.document.normalize import Normalizer
from realtime_sync.document.patch import apply_patch
from realtime_sync.errors import (
    EditConflict,
    InvalidName,
    InvalidPatch,
    InvalidValue,
    NoDocument,
    PatchError,
    PathNotFound,
    QueueFull,
)
from realtime_sync.limits import HistoryLimits
from realtime_sync.position import Position
from realtime_sync.replication.primary import COMPACT_AT_OPERATIONS, LooseEvents, Primary
from realtime_sync.wire.frames import Closed, Delta, Event, Keyframe
from realtime_sync.wire.messages import Heard, Outcome

GRAPH: dict[str, Any] = {"nodes": {"n1": {"status": "RUNNING", "text": "Hello"}, "n2": {"status": "PENDING"}}}


def primary_with(document: Any = GRAPH, **options: Any) -> Primary:
    """Return a primary that has committed its first keyframe: it stands at offset 1."""
    primary = Primary("A", **options)
    primary.publish(copy.deepcopy(document))
    flush(primary)
    return primary


def head(primary: Primary) -> Any:
    return primary.document


def flush(primary: Primary, now: float = 0.0) -> Keyframe | Delta | LooseEvents | None:
    frame = primary.take()
    if frame is not None:
        primary.commit(now)
    return frame


def flush_delta(primary: Primary) -> Delta:
    frame = flush(primary)
    assert isinstance(frame, Delta)
    return frame


# ---- capture ---------------------------------------------------------------------------------------------------------


def test_the_first_frame_is_a_keyframe_of_the_head_at_that_moment() -> None:
    primary = Primary("A")
    assert primary.position == Position("A", 0)
    primary.publish({"n": 1})
    primary.publish({"n": 2})
    assert flush(primary) == Keyframe(Position("A", 1), {"n": 2})
    assert not primary.is_pending
    assert flush(primary) is None


def test_a_second_publish_is_a_delta_of_what_changed() -> None:
    primary = primary_with()
    changed = copy.deepcopy(GRAPH)
    changed["nodes"]["n1"]["text"] += ", world"
    primary.publish(changed)
    assert flush(primary) == Delta(
        Position("A", 1),
        Position("A", 2),
        [{"op": "append", "path": "/nodes/n1/text", "value": ", world"}],
    )


def test_publishing_what_is_there_already_is_no_frame() -> None:
    primary = primary_with()
    primary.publish(copy.deepcopy(GRAPH))
    assert not primary.is_pending


def test_true_instead_of_one_is_a_change() -> None:
    primary = primary_with({"n": 1})
    primary.publish({"n": 1.0})
    assert not primary.is_pending, "the same number, however it is written"
    primary.publish({"n": True})
    assert flush_delta(primary).patch == [{"op": "replace", "path": "/n", "value": True}]


def test_captures_until_a_flush_are_one_frame_without_what_cancelled_out() -> None:
    primary = primary_with()
    for status in ("RUNNING", "DONE"):
        primary.publish({**GRAPH["nodes"]["n2"], "status": status}, at="/nodes/n2")
    for token in ("a", "b", "c"):
        primary.append_text("/nodes/n1/text", token)
    frame = flush_delta(primary)
    assert frame.patch == [
        {"op": "replace", "path": "/nodes/n2/status", "value": "DONE"},
        {"op": "append", "path": "/nodes/n1/text", "value": "abc"},
    ]


def test_the_caller_may_change_what_it_passed() -> None:
    primary = Primary("A")
    mine: dict[str, Any] = {"nodes": {"a": [1]}}
    primary.publish(mine)
    mine["nodes"]["a"].append(2)
    assert primary.document == {"nodes": {"a": [1]}}
    flush(primary)
    primary.publish(mine)
    mine["nodes"]["a"].append(3)
    assert primary.document == {"nodes": {"a": [1, 2]}}
    assert flush_delta(primary).patch == [{"op": "add", "path": "/nodes/a/1", "value": 2}]


def test_publish_at_a_pointer_replaces_or_adds_a_part() -> None:
    primary = primary_with()
    primary.publish({"status": "NEW"}, at="/nodes/n3")
    primary.publish("DONE", at="/nodes/n1/status")
    assert head(primary)["nodes"]["n3"] == {"status": "NEW"}
    assert head(primary)["nodes"]["n1"]["status"] == "DONE"
    with pytest.raises(PathNotFound):
        primary.publish(1, at="/missing/part")
    with pytest.raises(NoDocument):
        Primary("B").publish(1, at="/a")


def test_a_bad_value_names_its_path_inside_the_document_and_changes_nothing() -> None:
    primary = primary_with()
    with pytest.raises(InvalidValue) as caught:
        primary.publish({"status": float("nan")}, at="/nodes/n1")
    assert caught.value.path == "/nodes/n1/status"
    assert not primary.is_pending
    assert primary.document == GRAPH


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1, 2}, "\ud800", {1: "a"}, 2**60, nested(10_000), b"bytes", object()],
    ids=["nan", "inf", "set", "surrogate", "integer-key", "2**60", "10,000-levels", "bytes", "object"],
)
def test_a_refused_value_leaves_the_channel_going_on(value: Any) -> None:
    primary = primary_with()
    with pytest.raises(InvalidValue, match="/nodes/n1"):
        primary.publish({"nodes": {"n1": value}})
    primary.publish({"nodes": {}})
    assert flush_delta(primary).position.offset == 2


def test_append_text_needs_a_string_at_the_pointer_and_as_the_text() -> None:
    primary = primary_with({"n": 1, "text": ""})
    with pytest.raises(InvalidPatch):
        primary.append_text("/n", "x")
    with pytest.raises(PathNotFound):
        primary.append_text("/missing", "x")
    with pytest.raises(InvalidValue):
        primary.append_text("/text", 7)  # type: ignore[arg-type]
    primary.append_text("/text", "")
    assert not primary.is_pending


def test_a_value_may_be_converted_by_the_applications_default() -> None:
    primary = Primary("A", normalizer=Normalizer(default=lambda value: sorted(value)))
    primary.publish({"tags": {"b", "a"}})
    assert primary.document == {"tags": ["a", "b"]}
    primary.publish({"tags": {"b", "a", "c"}})
    assert primary.document == {"tags": ["a", "b", "c"]}


def test_an_initial_document_is_taken_only_when_there_is_none() -> None:
    primary = Primary("A")
    primary.initialize({"n": 1})
    primary.initialize({"n": 2})
    assert primary.document == {"n": 1}


LONG = "text that is worth a patch of its own " * 5


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(lambda round_: [LONG] * (1 + round_ % 3), id="a list that grows and shrinks"),
        pytest.param(
            lambda round_: [f"{LONG} {round_ + n}" for n in range(4)], id="a list that loses its oldest element"
        ),
        pytest.param(lambda round_: {"stays": LONG, f"key {round_}": round_}, id="keys that come and go"),
    ],
)
def test_a_pending_patch_stays_bounded_by_the_document(log: Callable[[int], Any]) -> None:
    before = {"log": log(0)}
    primary = primary_with(before)
    for round_ in range(1, 3 * COMPACT_AT_OPERATIONS):
        primary.publish(log(round_), at="/log")
        assert primary.pending_operations <= 2 * COMPACT_AT_OPERATIONS
    assert json_equal(apply_patch(before, flush_delta(primary).patch), primary.document)


# ---- edits -----------------------------------------------------------------------------------------------------------


def edit(primary: Primary, status: str, node: str = "n1") -> None:
    base = primary.begin_edit()
    with primary.draft(base) as draft:
        draft["nodes"][node]["status"] = status
    primary.commit_edit(base, draft.patch)


def test_an_edit_is_captured_as_its_patch() -> None:
    primary = primary_with()
    edit(primary, "DONE")
    assert flush_delta(primary).patch == [{"op": "replace", "path": "/nodes/n1/status", "value": "DONE"}]


def test_disjoint_edits_that_overlap_in_time_both_survive() -> None:
    primary = primary_with()
    first, second = primary.begin_edit(), primary.begin_edit()
    with primary.draft(first) as draft_1, primary.draft(second) as draft_2:
        draft_1["nodes"]["n1"]["status"] = "DONE"
        draft_2["nodes"]["n2"]["status"] = "RUNNING"
    primary.commit_edit(second, draft_2.patch)
    primary.commit_edit(first, draft_1.patch)
    assert head(primary)["nodes"]["n1"]["status"] == "DONE"
    assert head(primary)["nodes"]["n2"]["status"] == "RUNNING"


def test_overlapping_edits_conflict_and_the_second_applies_nothing() -> None:
    primary = primary_with()
    base = primary.begin_edit()
    with primary.draft(base) as draft:
        draft["nodes"]["n2"]["status"] = "MINE"
        draft["nodes"]["n1"]["status"] = "MINE"
    edit(primary, "THEIRS")
    with pytest.raises(EditConflict) as caught:
        primary.commit_edit(base, draft.patch)
    assert caught.value.path == "/nodes/n1/status"
    assert head(primary)["nodes"] == {**GRAPH["nodes"], "n1": {"status": "THEIRS", "text": "Hello"}}


def test_the_depth_of_a_part_counts_from_the_root() -> None:
    primary = primary_with({"deep": nested(150), "n": 0})
    with pytest.raises(InvalidValue, match="max_depth"):
        primary.publish(nested(150), at="/deep" + "/0" * 150)
    primary.publish(1, at="/n")
    assert flush_delta(primary).patch == [{"op": "replace", "path": "/n", "value": 1}]


def test_edits_that_overlap_in_an_endless_chain_keep_only_what_they_can_meet() -> None:
    primary = primary_with({"a": 0, "b": 0})
    open_edit = primary.begin_edit()
    for number in range(100):
        following = primary.begin_edit()
        path = "/a" if number % 2 else "/b"
        primary.commit_edit(open_edit, [{"op": "replace", "path": path, "value": number}])
        open_edit = following
        flush(primary)
    assert len(primary._open_edits) == 1, "each forgets with its end what it could have met"


def test_a_publish_between_is_a_writer_like_any_other() -> None:
    primary = primary_with()
    base = primary.begin_edit()
    with primary.draft(base) as draft:
        draft["nodes"]["n1"]["text"] += "!"
    primary.publish({"nodes": {}})
    with pytest.raises(EditConflict):
        primary.commit_edit(base, draft.patch)
    assert primary.document == {"nodes": {}}


def test_a_patch_made_beside_is_captured_only_when_nothing_came_between() -> None:
    primary = primary_with()
    base = primary.base()
    patch = primary.changes(base, {"nodes": {}})
    assert primary.commit_if_unchanged(base, patch)
    stale = primary.base()
    patch = primary.changes(stale, {"nodes": {"x": 1}})
    edit_free = primary.begin_edit()
    primary.publish({"nodes": {"y": 1}})
    assert not primary.commit_if_unchanged(stale, patch)
    primary.abandon_edit(edit_free)
    assert edit_free.document == {"nodes": {}}
    assert primary.document == {"nodes": {"y": 1}}


def test_an_edit_without_a_document_is_an_error_with_the_remedy() -> None:
    with pytest.raises(NoDocument, match=r"initial=|publish\(\)"):
        Primary("A").begin_edit()


# ---- events ----------------------------------------------------------------------------------------------------------


def test_events_travel_with_the_patch_that_was_captured_before_them() -> None:
    primary = primary_with({"n": 1})
    primary.publish({"n": 2})
    data = {"task": [1]}
    primary.emit("task_update", data)
    data["task"].append(2)
    frame = flush_delta(primary)
    assert frame.patch == [{"op": "replace", "path": "/n", "value": 2}]
    assert frame.events == (Event("task_update", {"task": [1]}),)


def test_an_event_alone_is_a_frame_with_an_empty_patch() -> None:
    primary = primary_with({"n": 1})
    primary.emit("ping", None)
    frame = flush_delta(primary)
    assert (frame.patch, frame.events) == ([], (Event("ping", None),))


def test_what_overflowed_is_told_in_the_frame() -> None:
    primary = primary_with({"n": 1}, max_queue_size=2)
    for number in range(5):
        primary.emit("e", number)
    frame = flush_delta(primary)
    assert [event.data for event in frame.events] == [3, 4]
    assert frame.dropped == 3


def test_before_a_document_events_are_loose_and_the_first_keyframe_counts_them() -> None:
    primary = Primary("A")
    primary.emit("e", 1)
    assert flush(primary) == LooseEvents((Event("e", 1),))
    assert primary.position.offset == 0
    assert not primary.is_pending
    primary.publish({"n": 1})
    assert flush(primary) == Keyframe(Position("A", 1), {"n": 1}, (), 1)


@pytest.mark.parametrize("name", ["", "sync:subscribe", "sync:mine", "batch_update", "connect", "disconnect"])
def test_reserved_event_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        primary_with().emit(name, None)


# ---- cut -------------------------------------------------------------------------------------------------------------


def test_the_frame_under_way_stays_the_same_until_it_is_committed() -> None:
    primary = primary_with({"n": 1})
    primary.publish({"n": 2})
    frame = primary.take()
    primary.publish({"n": 3})
    primary.emit("e", 1)
    assert primary.take() is frame
    assert primary.position.offset == 1
    primary.commit(0.0)
    later = flush_delta(primary)
    assert later.base == Position("A", 2)
    assert later.patch == [{"op": "replace", "path": "/n", "value": 3}]


def test_captures_while_the_first_keyframe_is_under_way_are_the_next_delta() -> None:
    primary = Primary("A")
    primary.publish({"n": 1})
    first = primary.take()
    primary.publish({"n": 2})
    primary.commit(0.0)
    assert first == Keyframe(Position("A", 1), {"n": 1})
    assert flush_delta(primary).patch == [{"op": "replace", "path": "/n", "value": 2}]


def test_a_keyframe_never_contains_an_edit_that_a_later_delta_carries_again() -> None:
    primary = primary_with({"text": ""})
    primary.append_text("/text", "pending")
    assert primary.keyframe() == Keyframe(Position("A", 1), {"text": ""})
    primary.take()
    primary.append_text("/text", " more")
    assert primary.keyframe().document == {"text": ""}
    primary.commit(0.0)
    assert primary.keyframe() == Keyframe(Position("A", 2), {"text": "pending"})


# ---- catch up --------------------------------------------------------------------------------------------------------


def test_catch_up_is_nothing_one_patch_or_a_keyframe() -> None:
    primary = primary_with({"n": 1})
    for n in (2, 3, 4):
        primary.publish({"n": n})
        primary.emit("n", n)
        flush(primary)
    assert primary.catch_up(Position("A", 4), 0.0).outcome is Outcome.UP_TO_DATE
    missed = primary.catch_up(Position("A", 2), 0.0)
    assert missed.outcome is Outcome.PATCH
    assert missed.delta == Delta(
        Position("A", 2),
        Position("A", 4),
        [{"op": "replace", "path": "/n", "value": 4}],
        (Event("n", 3), Event("n", 4)),
    )
    assert missed.keyframe is not None
    assert missed.keyframe.events == missed.delta.events
    for position in (None, Position("B", 2), Position("A", 9)):
        fresh = primary.catch_up(position, 0.0)
        assert fresh.outcome is Outcome.KEYFRAME
        assert fresh.keyframe == Keyframe(Position("A", 4), {"n": 4})


def test_catch_up_before_the_first_frame_is_waiting() -> None:
    primary = Primary("A")
    assert primary.catch_up(None, 0.0).outcome is Outcome.WAITING
    primary.publish({"n": 1})
    assert primary.catch_up(None, 0.0).outcome is Outcome.WAITING, "not flushed yet: nobody may be ahead of the log"


def test_catch_up_past_the_history_is_a_keyframe() -> None:
    primary = primary_with({"n": 0}, history=HistoryLimits(max_frames=2))
    for n in range(1, 6):
        primary.publish({"n": n})
        flush(primary)
    assert primary.catch_up(Position("A", 4), 0.0).outcome is Outcome.PATCH
    assert primary.catch_up(Position("A", 3), 0.0).outcome is Outcome.KEYFRAME


# ---- recovery --------------------------------------------------------------------------------------------------------


def logged() -> tuple[Keyframe, list[Delta]]:
    primary = Primary("OLD")
    primary.publish({"n": 1, "kept": True})
    keyframe = primary.take()
    assert isinstance(keyframe, Keyframe)
    primary.commit(0.0)
    primary.publish({"n": 2, "kept": True})
    return keyframe, [flush_delta(primary)]


def test_a_primary_goes_on_where_the_log_ended() -> None:
    primary = Primary("NEW")
    primary.initialize({"n": 0})
    primary.recover(*logged())
    assert primary.position == Position("OLD", 2)
    assert primary.document == {"n": 2, "kept": True}, "an initial value is no change"
    assert not primary.is_pending


def test_what_was_published_before_the_log_was_read_is_a_change_on_top() -> None:
    primary = Primary("NEW")
    primary.publish({"n": 3, "kept": True})
    primary.recover(*logged())
    frame = flush_delta(primary)
    assert frame.base == Position("OLD", 2)
    assert frame.patch == [{"op": "replace", "path": "/n", "value": 3}]


def test_an_edit_that_was_open_when_the_log_was_read_conflicts() -> None:
    primary = Primary("NEW")
    primary.initialize({"nodes": {"n1": {"status": "NEW"}}})
    base = primary.begin_edit()
    with primary.draft(base) as draft:
        draft["nodes"]["n1"]["status"] = "DONE"
    primary.recover(*logged())
    with pytest.raises(EditConflict):
        primary.commit_edit(base, draft.patch)


def test_a_log_that_does_not_fit_together_is_an_error_and_nothing_is_recovered() -> None:
    keyframe, _ = logged()
    broken = Delta(Position("OLD", 1), Position("OLD", 2), [{"op": "remove", "path": "/missing"}])
    primary = Primary("NEW")
    with pytest.raises(PatchError):
        primary.recover(keyframe, [broken])
    assert primary.position == Position("NEW", 0)
    assert not primary.has_document


# ---- events that a keyframe cannot replay ----------------------------------------------------------------------------


def primary_with_events(frames: int, **options: Any) -> Primary:
    """Return a primary whose frames after the first carry two events each, and two frames of history."""
    primary = primary_with(history=HistoryLimits(max_frames=2), **options)
    for number in range(frames):
        primary.emit("tick", number)
        primary.emit("tock", number)
        flush(primary)
    return primary


def test_a_keyframe_past_the_history_comes_with_the_number_of_events_missed() -> None:
    primary = primary_with_events(10)
    cut = primary.catch_up(Position("A", 4), now=0.0)
    assert cut.outcome is Outcome.KEYFRAME
    assert cut.dropped == 2 * (11 - 4)
    assert cut.keyframe == Keyframe(Position("A", 11), GRAPH), "one and the same for all who need it"


def test_events_that_a_full_queue_dropped_were_missed_as_well() -> None:
    primary = primary_with_events(10, max_queue_size=1)
    assert primary.catch_up(Position("A", 4), now=0.0).dropped == 2 * (11 - 4)


def test_nothing_is_claimed_of_events_that_nobody_knows_to_be_missed() -> None:
    primary = primary_with_events(10)
    assert primary.catch_up(None, now=0.0).dropped == 0, "a fresh join starts at the present"
    assert primary.catch_up(Position("B", 4), now=0.0).dropped == 0, "another life"
    assert primary.catch_up(Position("A", 99), now=0.0).dropped == 0, "a position that never was"
    assert primary.catch_up(Position("A", 11), now=0.0).dropped == 0, "up to date"


def test_a_patch_says_for_itself_what_was_dropped() -> None:
    primary = primary_with_events(10)
    cut = primary.catch_up(Position("A", 9), now=0.0)
    assert cut.outcome is Outcome.PATCH
    assert cut.dropped == 0
    assert cut.delta is not None
    assert len(cut.delta.events) == 4


def test_events_of_a_recovered_log_are_counted() -> None:
    before = primary_with_events(0)
    deltas = []
    for number in range(3):
        before.emit("tick", number)
        deltas.append(flush_delta(before))
    after = Primary("A")
    after.recover(Keyframe(Position("A", 1), GRAPH), deltas)
    assert after.position == Position("A", 4)
    assert after.catch_up(Position("A", 2), now=0.0).dropped == 2


# ---- lossless events -------------------------------------------------------------------------------------------------


def emit_lossless(primary: Primary, *data: Any) -> None:
    for one in data:
        primary.emit("q", one, lossless=True)


def primary_with_questions(count: int, **history: Any) -> Primary:
    """Return a primary with two frames of history whose frame at offset `n + 1` carries lossless event `n`."""
    primary = primary_with(history=HistoryLimits(**{"max_frames": 2, **history}))
    for number in range(1, count + 1):
        emit_lossless(primary, number)
        flush(primary)
    return primary


def questions(*serials: int) -> tuple[Event, ...]:
    return tuple(Event("q", serial, serial) for serial in serials)


def test_lossless_events_are_numbered_in_order_when_they_are_cut() -> None:
    primary = primary_with()
    emit_lossless(primary, "a")
    primary.emit("beat", 0)
    emit_lossless(primary, "b")
    assert flush_delta(primary).events == (Event("q", "a", 1), Event("beat", 0), Event("q", "b", 2))
    emit_lossless(primary, "c")
    assert flush_delta(primary).events == (Event("q", "c", 3),)


def test_a_frame_that_is_taken_again_has_the_same_numbers() -> None:
    primary = primary_with()
    emit_lossless(primary, "a")
    first = primary.take()
    emit_lossless(primary, "b")
    assert primary.take() is first
    primary.commit(0.0)
    assert flush_delta(primary).events == (Event("q", "b", 2),)


def test_a_full_queue_of_lossless_events_takes_no_further_one_and_drops_ordinary_ones() -> None:
    primary = primary_with(max_queue_size=2)
    emit_lossless(primary, 1, 2)
    with pytest.raises(QueueFull, match="max_queue_size"):
        emit_lossless(primary, 3)
    primary.emit("beat", 0)
    frame = flush_delta(primary)
    assert (frame.events, frame.dropped) == (questions(1, 2), 1)


def test_a_keyframe_carries_the_lossless_events_that_its_reader_missed_however_long_it_was_away() -> None:
    primary = primary_with_questions(9)
    cut = primary.catch_up(Position("A", 3), 0.0, Heard("A", 2))
    assert cut.keyframe == Keyframe(Position("A", 10), GRAPH, questions(3, 4, 5, 6, 7, 8, 9), serial=9)
    assert cut.dropped == 0
    lost = primary.catch_up(None, 0.0, Heard("A", 7)).keyframe
    assert lost is not None
    assert lost.events == questions(8, 9), "also to one that lost its document"


def test_who_joins_begins_at_the_present() -> None:
    keyframe = primary_with_questions(9).catch_up(None, 0.0).keyframe
    assert keyframe == Keyframe(Position("A", 10), GRAPH, serial=9)


def test_who_watched_another_life_gets_all_of_this_one() -> None:
    keyframe = primary_with_questions(3).catch_up(Position("B", 7), 0.0, Heard("B", 8)).keyframe
    assert keyframe is not None
    assert keyframe.events == questions(1, 2, 3)


def test_who_says_only_its_position_gets_what_came_after_it() -> None:
    keyframe = primary_with_questions(9).catch_up(Position("A", 3), 0.0).keyframe
    assert keyframe is not None
    assert keyframe.events == questions(3, 4, 5, 6, 7, 8, 9)


def test_a_patch_carries_all_lossless_events_and_the_newest_ordinary_ones() -> None:
    primary = primary_with(history=HistoryLimits(max_catchup_events=1))
    for number in (1, 2):
        emit_lossless(primary, number)
        primary.emit("beat", number)
        flush(primary)
    cut = primary.catch_up(Position("A", 1), 0.0, Heard("A", 0))
    assert cut.delta is not None
    assert cut.keyframe is not None
    assert cut.delta.events == (*questions(1, 2), Event("beat", 2))
    assert cut.delta.dropped == 1
    assert (cut.keyframe.events, cut.keyframe.serial) == (cut.delta.events, 2)


def test_what_the_lane_forgot_is_missing_by_its_number() -> None:
    keyframe = primary_with_questions(9, max_lossless_events=3).catch_up(None, 0.0, Heard("A", 2)).keyframe
    assert keyframe is not None
    assert (keyframe.events, keyframe.serial) == (questions(7, 8, 9), 9)


def test_before_a_document_lossless_events_are_kept_for_the_first_keyframe() -> None:
    primary = Primary("A")
    emit_lossless(primary, 1)
    assert flush(primary) == LooseEvents(questions(1))
    assert primary.catch_up(None, 0.0).serial == 1
    primary.publish({"n": 1})
    emit_lossless(primary, 2)
    assert flush(primary) == Keyframe(Position("A", 1), {"n": 1}, questions(2), 0, 2, questions(1))


def test_a_recovered_primary_has_the_lossless_events_of_its_log() -> None:
    before = primary_with_questions(3)
    saved = before.keyframe()
    assert saved.lane == questions(1, 2, 3)
    emit_lossless(before, 4)
    after = Primary("NEW")
    after.recover(saved, [flush_delta(before)])
    keyframe = after.catch_up(None, 0.0, Heard("A", 1)).keyframe
    assert keyframe is not None
    assert (keyframe.events, keyframe.serial) == (questions(2, 3, 4), 4)
    emit_lossless(after, 5)
    assert flush_delta(after).events == questions(5)


def test_a_first_keyframe_in_a_log_brings_back_what_came_before_and_with_it() -> None:
    before = Primary("A")
    emit_lossless(before, 1)
    flush(before)
    before.publish({})
    emit_lossless(before, 2)
    first = flush(before)
    assert isinstance(first, Keyframe)
    after = Primary("NEW")
    after.recover(first, [])
    assert after.keyframe().lane == questions(1, 2)


def test_the_closing_frame_says_how_many_there_were() -> None:
    assert primary_with_questions(3).closing_frame("over") == Closed("A", "over", 3)
