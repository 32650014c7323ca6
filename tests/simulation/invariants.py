"""What must hold for the server after every step, whatever happened."""

from collections.abc import Callable
from typing import Any

from realtime_sync.broadcast import flusher
from realtime_sync.broadcast.encoded_frames import KEPT
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.wire.messages import BATCH_UPDATE
from tests.simulation.server import Server
from tests.simulation.weather import Weather

MAX_PENDING_OPERATIONS = 500
"""More than the workload's document has parts."""

ADMISSIONS_WITHOUT_READING = 3
"""Requests that were on their way when a client stopped reading; each of them begins a new window."""

Invariant = Callable[[Server, SendingChannel, Weather], None]


def queues_are_bounded(server: Server, channel: SendingChannel, weather: Weather) -> None:
    assert channel.primary.queued_events <= weather.options["max_queue_size"]
    assert channel.primary.pending_operations <= MAX_PENDING_OPERATIONS


def history_is_bounded(server: Server, channel: SendingChannel, weather: Weather) -> None:
    assert len(channel.primary._history) <= weather.options["history"].max_frames
    assert len(channel.primary._lane) <= weather.options["history"].max_lossless_events
    assert len(channel.encodings._kept) <= KEPT


def the_log_is_bounded(server: Server, channel: SendingChannel, weather: Weather) -> None:
    if server.log is not None and (keyframe := server.log.load_keyframe(channel.name)) is not None:
        deltas = server.log.read_after(channel.name, keyframe.position)
        assert deltas is not None
        assert len(deltas) <= 2 * flusher.KEYFRAME_EVERY, "a restart would have to replay all of it"


def nobody_is_kept_who_left(server: Server, channel: SendingChannel, weather: Weather) -> None:
    left = {sid for sid in channel.subscribers if not server.transport.is_connected(sid)}
    being_answered = {sid for sid, messages in server.being_answered.items() if messages}
    assert left <= being_answered, f"{channel.name} still has {left}"


def nobody_is_sent_what_it_does_not_read(server: Server, channel: SendingChannel, weather: Weather) -> None:
    readers = weather.options["readers"]
    for client in server.transport.clients:
        frames = sum(1 for message in client.inbox if is_live_frame(message, channel.name))
        assert frames <= ADMISSIONS_WITHOUT_READING * (readers.max_unacked_frames + 2), (
            f"{frames} wait for {client.sid}"
        )


def is_live_frame(message: tuple[str, tuple[Any, ...]], channel: str) -> bool:
    """Whether a message is a frame, or the first part of one, that was sent to all of a room."""
    event, (name, *body) = message
    if event != BATCH_UPDATE or name != channel or len(body) > 1:
        return False
    return not isinstance(body[0], dict) or body[0].get("type") == "delta" or body[0].get("index") == 0


EVERY_STEP: tuple[Invariant, ...] = (
    queues_are_bounded,
    history_is_bounded,
    the_log_is_bounded,
    nobody_is_kept_who_left,
    nobody_is_sent_what_it_does_not_read,
)
