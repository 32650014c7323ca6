"""What must hold for the server after every step, whatever happened."""

from collections.abc import Callable

from realtime_sync.broadcast import flusher
from realtime_sync.broadcast.encoded_frames import KEPT
from realtime_sync.broadcast.sending_channel import SendingChannel
from tests.simulation.server import Server
from tests.simulation.weather import Weather

MAX_PENDING_OPERATIONS = 500
"""More than the workload's document has parts."""

Invariant = Callable[[Server, SendingChannel, Weather], None]


def queues_are_bounded(server: Server, channel: SendingChannel, weather: Weather) -> None:
    assert channel.primary.queued_events <= weather.options["max_queue_size"]
    assert channel.primary.pending_operations <= MAX_PENDING_OPERATIONS


def history_is_bounded(server: Server, channel: SendingChannel, weather: Weather) -> None:
    assert len(channel.primary._history) <= weather.options["history"].max_frames
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


EVERY_STEP: tuple[Invariant, ...] = (
    queues_are_bounded,
    history_is_bounded,
    the_log_is_bounded,
    nobody_is_kept_who_left,
)
