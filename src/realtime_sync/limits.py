"""How much a stranger, or a mistake, may cost."""

import attrs

HIGHEST_DEPTH = 240
"""orjson refuses to write nesting over 254; a frame wraps a document in a few levels of its own."""


def _positive(_: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value <= 0:
        raise ValueError(f"Limits.{attribute.name} must be positive, not {value}")


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds on what is decoded, held and accepted. Raise one by name for a larger document.

    Attributes:
        max_encoded_bytes: Bytes of one frame as it arrives, before it is decompressed. 16 MiB: no frame need be larger
            than what it becomes.
        max_decoded_bytes: Bytes of one frame after decompression; also of all paths that its groups of operations
            stand for. 16 MiB: a graph of 4,000 nodes, and what can be decoded in 64 MiB of memory.
        max_elements: Values (containers and scalars) in one frame: `{},` costs 3 bytes on the wire and 72 in memory.
            500,000: 36 MB of the emptiest objects; a graph of 1,000 nodes has 64,000.
        max_memory_bytes: Memory that decoding one frame may take, as told by its bytes before it is parsed; None means
            4 times `max_decoded_bytes`, but at least 64 MiB: most documents take less than 4 bytes for one of theirs.
        max_depth: Containers inside containers in a document; at most 240. 200: parsers recurse, and are known to be
            safe on the stack of a small thread at this depth.
        max_operations: Operations in one patch that arrives, and values under its checksum. 100,000: a patch of more
            is larger than most documents.
        max_channel_name_bytes: UTF-8 bytes of a channel's name. 200: it travels with every frame, which has 128 itself.
        max_channels_per_client: Channels that one connection may watch at a time. 100: more than a person looks at, and
            each is a room of the server.
        max_window_bytes: Memory that a zstd frame may ask for beside its content. 8 MiB, the size that every decoder
            should support (RFC 8878, section 3.1.1.1.2); frames that say how large they are need none.
        max_dictionary_bytes: Bytes of a dictionary that arrives. 32 KiB, the window of DEFLATE; those that this library
            makes have 8.
        max_message_bytes: Bytes of one message that a server sends; a larger frame travels in parts. 1 MiB, because
            receivers and proxies refuse messages over bounds of their own: aiohttp's clients, and so python-socketio's,
            over 4 MiB. Text counts as UTF-8 here; a Socket.IO server that writes ASCII may make 3 times as much of it.
    """

    max_encoded_bytes: int = attrs.field(default=16 * 2**20, validator=_positive)
    max_decoded_bytes: int = attrs.field(default=16 * 2**20, validator=_positive)
    max_elements: int = attrs.field(default=500_000, validator=_positive)
    max_memory_bytes: int | None = attrs.field(default=None, validator=attrs.validators.optional(_positive))
    max_depth: int = attrs.field(default=200, validator=[_positive, attrs.validators.le(HIGHEST_DEPTH)])
    max_operations: int = attrs.field(default=100_000, validator=_positive)
    max_channel_name_bytes: int = attrs.field(default=200, validator=_positive)
    max_channels_per_client: int = attrs.field(default=100, validator=_positive)
    max_window_bytes: int = attrs.field(default=8 * 2**20, validator=_positive)
    max_dictionary_bytes: int = attrs.field(default=32 * 2**10, validator=_positive)
    max_message_bytes: int = attrs.field(default=2**20, validator=_positive)


@attrs.frozen(kw_only=True)
class HistoryLimits:
    """How far back a channel can catch a subscriber up with a patch; past it, a keyframe serves.

    Attributes:
        max_frames: Frames kept.
        max_bytes: Size of the kept frames as JSON.
        max_age_s: Seconds a frame is kept.
        max_catchup_events: Events replayed in one catch-up; earlier ones are counted as dropped.
        max_lossless_events: Lossless events kept, apart from the frames: who comes back gets those that it missed.
        max_lossless_bytes: Size of them as JSON. With a document they travel in one frame, which has bounds of its own.
        max_lossless_age_s: Seconds a lossless event is kept. A day: a question asked in the evening is there in the
            morning.
    """

    max_frames: int = attrs.field(default=1_000, validator=_positive)
    max_bytes: int = attrs.field(default=4 * 2**20, validator=_positive)
    max_age_s: float = attrs.field(default=300.0, validator=attrs.validators.gt(0))
    max_catchup_events: int = attrs.field(default=100, validator=attrs.validators.ge(0))
    max_lossless_events: int = attrs.field(default=1_000, validator=_positive)
    max_lossless_bytes: int = attrs.field(default=4 * 2**20, validator=_positive)
    max_lossless_age_s: float = attrs.field(default=86_400.0, validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class ReaderLimits:
    """How far a reader may fall behind what is sent to it.

    Attributes:
        max_unacked_frames: Live frames under way to one subscriber of one channel; past it nothing more is sent to it
            until it has read them. Readers acknowledge every 32: eight times that is a slow link, not a slow frame.
        max_unacked_bytes: The same in bytes; a catch-up does not count, and while a large one is under way more frames
            may queue up behind it: both limits once more for every `max_unacked_bytes` of it. With 200 subscribers of
            a small document it bounds what a server holds for those who do not read at 200 MiB, and in practice, where
            one is stuck, at one.
        let_go_after_s: Seconds after which one that did not read them is let go; it may subscribe again. So long for
            each `max_unacked_bytes` under way to it, on all its channels: by default a link is too slow below 1 MiB a
            minute, and a document of 5 MB may take five.
        max_plain_packets: Packets that may wait for a plain client, one that knows nothing of frames and never
            acknowledges; past it the client is disconnected when the next event goes to its room. Likewise one that
            asks for more without reading; a subscriber may have `max_unacked_frames` more for each of its channels.
            python-socketio's servers can tell what waits, all but what their WebSocket library and the system hold. It
            bounds nothing that the application emits itself (`sio.emit`) while the library sends nothing to the room.
    """

    max_unacked_frames: int = attrs.field(default=256, validator=_positive)
    max_unacked_bytes: int = attrs.field(default=2**20, validator=_positive)
    let_go_after_s: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    max_plain_packets: int = attrs.field(default=1_000, validator=_positive)
