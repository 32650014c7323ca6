"""A program that uses the library as its users do: installed without extras, checked by mypy, strict.

`assert_type` keeps the annotations honest: where a public name is missing its types, it is `Any`, and mypy complains.
"""

from typing import TYPE_CHECKING, assert_type

import realtime_sync as rs

DOCUMENT: rs.Json = {"all_nodes": {"n7": {"status": "RUNNING", "full_result": "Once"}}}


def follow_by_patches() -> None:
    with rs.draft(DOCUMENT) as draft:
        draft["all_nodes"]["n7"]["status"] = "DONE"
        draft["all_nodes"]["n7"]["full_result"] += " upon a time"
    patch = assert_type(draft.patch, rs.Patch)
    after = assert_type(rs.apply_patch(DOCUMENT, patch), rs.Json)
    assert after == {"all_nodes": {"n7": {"status": "DONE", "full_result": "Once upon a time"}}}
    assert rs.apply_patch(after, rs.invert(DOCUMENT, patch)) == DOCUMENT
    assert rs.apply_patch(DOCUMENT, assert_type(rs.diff(DOCUMENT, after, text_append=True), rs.Patch)) == after
    assert rs.apply_patch(DOCUMENT, assert_type(rs.compose(patch, []), rs.Patch)) == after
    if TYPE_CHECKING:
        rs.diff(DOCUMENT)  # type: ignore[call-arg]


def collect_messages() -> None:
    batch = rs.MessageBatch(max_size=2, clock=lambda: 0.0)
    assert not assert_type(batch.add({"event": "task_update"}), bool)
    assert batch.add({"event": "node_status"})
    assert len(batch) == 2
    assert batch.to_payload()["type"] == "batch"


def follow_by_frames() -> None:
    primary = rs.Primary("epoch-1")
    primary.publish(DOCUMENT)
    assert primary.take() is not None
    primary.commit(now=0.0)

    replica = rs.Replica()
    asked = replica.request(now=0.0)
    caught_up = primary.catch_up(asked.position, now=0.0)
    assert caught_up.keyframe is not None
    answer = rs.Answer(caught_up.outcome, asked.request)
    replica.receive_frame(caught_up.keyframe, answer, now=0.0)
    assert assert_type(replica.document, rs.Json) == DOCUMENT
    assert replica.position == assert_type(primary.position, rs.Position)


def travel_as_bytes() -> None:
    for name in assert_type(rs.available_codecs(), tuple[str, ...]):
        codec = rs.get_codec(name)
        assert assert_type(codec.decode(assert_type(codec.encode(DOCUMENT), bytes)), rs.Json) == DOCUMENT


def refused_path() -> str:
    try:
        rs.normalize({"all_nodes": {"n7": float("nan")}})
    except rs.InvalidValue as error:
        return assert_type(error.path, str)
    raise AssertionError("NaN is no JSON")


if __name__ == "__main__":
    follow_by_patches()
    collect_messages()
    follow_by_frames()
    travel_as_bytes()
    assert refused_path() == "/all_nodes/n7"
