"""Whatever becomes of a frame on its way, a subscription takes it: it asks, or it holds JSON, and nothing is raised."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from realtime_sync.document.normalize import normalize
from realtime_sync.jsontypes import Json
from realtime_sync.position import Position
from realtime_sync.replication.replica import Replica, State
from realtime_sync.replication.subscription import Subscription
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.compact import frame_to_compact
from realtime_sync.wire.encoding import encode_frame
from realtime_sync.wire.frames import Closed, Delta, Event, Frame, Keyframe, frame_to_wire
from tests.wire.mutations import mutated

BASE, AFTER = Position("a1B2c3D4", 7), Position("a1B2c3D4", 8)
DOCUMENT: Json = {"nodes": {"n1": {"status": "RUNNING", "text": "Hello", "calls": [1, 2, 3]}}, "order": ["n1"]}
FRAMES: list[Frame] = [
    Delta(
        BASE,
        AFTER,
        [
            {"op": "append", "path": "/nodes/n1/text", "value": " w\u00f6rld"},
            {"op": "replace", "path": "/nodes/n1/status", "value": None},
            {"op": "remove", "path": "/nodes/n1/calls/0"},
            {"op": "move", "from": "/nodes/n1/calls/0", "path": "/nodes/n1/calls/1"},
            {"op": "copy", "from": "/order/0", "path": "/order/-"},
            {"op": "test", "path": "/order/0", "value": "n1"},
        ],
        (Event("task_update", {"progress": 40}),),
        3,
    ),
    Keyframe(AFTER, {"nodes": {}, "numbers": [0, -1, 1.5, 2**40]}, (Event("e", None),)),
    Closed("a1B2c3D4", "archived"),
]


def live(codec: str) -> Subscription:
    """Return a subscription that holds DOCUMENT at BASE."""
    subscription = Subscription("c", (codec,), Replica(uniform=lambda: 0.0))
    subscription.connected(0.0)
    body = encode_frame(Keyframe(BASE, DOCUMENT), get_codec(codec))
    answer = {"request": "1", "outcome": "keyframe", "codec": codec}
    subscription.receive(body, answer, 1.0)
    assert subscription.replica.state is State.LIVE
    return subscription


def check_right(subscription: Subscription) -> None:
    """It holds JSON, and asks unless it is live, refused or closed."""
    assert normalize(subscription.replica.document) == subscription.replica.document
    if subscription.replica.state in (State.STALE, State.EMPTY):
        assert subscription.replica.deadline is not None


@pytest.mark.parametrize("codec", [codec for codec in available_codecs() if codec != "json"])
def test_changed_bytes_raise_nothing_and_leave_json(codec: str) -> None:
    draw = random.Random(f"frames in {codec}")
    encoded = [encode_frame(frame, get_codec(codec)) for frame in FRAMES]
    asked = 0
    for _ in range(150):
        subscription = live(codec)
        for _ in range(3):
            subscription.receive(mutated(draw.choice(encoded), draw), None, 2.0)
            check_right(subscription)
        asked += subscription.replica.state is not State.LIVE
    assert asked > 75


ODDITIES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**60,
    0.5,
    float("nan"),
    "",
    "/",
    "~",
    b"",
    [],
    {},
    [[]],
    {"": None},
    "\ud800",
]


def replaced(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with something odd in one of its places."""
    if draw.random() < 0.2 or not isinstance(value, (dict, list)) or not value:
        return draw.choice(ODDITIES)
    if isinstance(value, list):
        place = draw.randrange(len(value))
        return [replaced(item, draw) if index == place else item for index, item in enumerate(value)]
    chosen = draw.choice(list(value))
    return {key: replaced(item, draw) if key == chosen else item for key, item in value.items()}


@pytest.mark.parametrize("form", ["plain", "compact"])
def test_odd_values_anywhere_raise_nothing_and_leave_json(form: str) -> None:
    to_wire: Callable[[Frame], Any] = frame_to_wire if form == "plain" else frame_to_compact
    draw = random.Random(f"oddities in the {form} form")
    for _ in range(3_000):
        subscription = live("msgpack")
        body = replaced(to_wire(draw.choice(FRAMES)), draw)
        answer = draw.choice((None, replaced({"request": "1", "outcome": "patch", "codec": "json"}, draw)))
        subscription.receive(body, answer, 2.0)
        check_right(subscription)
