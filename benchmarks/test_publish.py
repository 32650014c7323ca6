"""What a change costs from the application's call to what is sent.

    pytest benchmarks/test_publish.py

`publish`: a whole snapshot is compared, what changed is normalised, the head takes it over, and a frame is cut,
committed and written as JSON. `edit`: a recorded update goes the same way, and is encoded.
"""

import statistics

import orjson
import pytest

from benchmarks.cases import NORMALIZER, ROUNDS, SIZES, STEPS, Pair, Update, pairs, updates
from benchmarks.timing import Timing
from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch
from realtime_sync.jsontypes import Json
from realtime_sync.position import Position
from realtime_sync.replication.primary import Primary
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.encoding import decode_frame, encode_frame
from realtime_sync.wire.frames import Delta, Keyframe, frame_to_wire

TABLE = "whole path"
EPOCH = "a1B2c3D4"


def primary_at(document: Json) -> Primary:
    """Return a primary whose log holds `document`; it takes it as it is."""
    primary = Primary(EPOCH, normalizer=NORMALIZER)
    primary.recover(Keyframe(Position(EPOCH, 1), document), [])
    return primary


def cut(primary: Primary) -> Delta:
    frame = primary.take()
    primary.commit(0.0)
    assert isinstance(frame, Delta)
    return frame


def publish(primary: Primary, snapshot: Json) -> bytes:
    primary.publish(snapshot)
    return orjson.dumps(frame_to_wire(cut(primary)))


def edit(primary: Primary, update: Update, codec: str) -> bytes:
    base = primary.begin_edit()
    with primary.draft(base) as d:
        update.write(d)
    primary.commit_edit(base, d.patch)
    return encode_frame(cut(primary), get_codec(codec))


@pytest.mark.parametrize("nodes", SIZES)
def test_publish(timing: Timing, nodes: int) -> None:
    frames = []
    for pair in pairs(nodes):
        frames.append(publish(primary_at(pair.old), pair.new))
        assert json_equal(apply_patch(pair.old, orjson.loads(frames[-1])["patch"]), pair.new)
    timing(
        "publish to frame",
        lambda both: publish(both[0], both[1].new),
        pairs(nodes),
        size=nodes,
        rounds=ROUNDS[nodes],
        prepare=lambda pair: (primary_at(pair.old), pair),
        floor=Pair.floor,
        bytes=statistics.mean(map(len, frames)),
        right=True,
    )


@pytest.mark.parametrize("codec", ["json", "json+zstd", "msgpack+zstd"])
@pytest.mark.parametrize("nodes", SIZES)
def test_edit(timing: Timing, nodes: int, codec: str) -> None:
    sizes = []
    for update in updates(nodes):
        frame = edit(primary_at(update.before), update, codec)
        sizes.append(len(frame))
        sent = decode_frame(frame, get_codec(codec))
        assert isinstance(sent, Delta)
        assert json_equal(sent.patch, update.patch)
    timing(
        f"edit to {codec} frame",
        lambda both: edit(both[0], both[1], codec),
        updates(nodes),
        size=nodes,
        rounds=3 * STEPS,
        prepare=lambda update: (primary_at(update.before), update),
        bytes=statistics.mean(sizes),
        right=True,
    )
