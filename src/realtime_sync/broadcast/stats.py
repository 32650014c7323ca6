"""What a broadcaster counted."""

import attrs


@attrs.define(kw_only=True)
class Stats:
    """Counters since the broadcaster was made, and gauges of this moment.

    The broadcaster counts in one of its own; `get_stats` returns a copy with the gauges filled in.

    Attributes:
        channels: Channels in memory (gauge).
        subscriptions: Subscriptions, one for each client and channel (gauge).
        queued_events: Events that wait for a frame (gauge).
        frames: Frames appended to logs.
        events: Events sent in frames or to plain clients.
        encodings: Times a frame was encoded; one for each codec in use a frame, whatever the number of subscribers.
        messages: Messages delivered, one for each recipient.
        bytes_sent: Encoded frames times their recipients, without Socket.IO's own headers.
        keyframes_sent: Catch-ups that carried the whole document.
        patches_sent: Catch-ups by one composed patch.
        up_to_date: Catch-ups that had nothing to carry.
        resyncs: Requests of subscribers that lost the thread.
        refused: Requests answered with a refusal.
        events_dropped: Events lost to a full queue.
        flush_failures: Flushes that the log or the transport failed; they are repeated.
        invalid_messages: Clients' messages that PROTOCOL.md does not know.
    """

    channels: int = 0
    subscriptions: int = 0
    queued_events: int = 0
    frames: int = 0
    events: int = 0
    encodings: int = 0
    messages: int = 0
    bytes_sent: int = 0
    keyframes_sent: int = 0
    patches_sent: int = 0
    up_to_date: int = 0
    resyncs: int = 0
    refused: int = 0
    events_dropped: int = 0
    flush_failures: int = 0
    invalid_messages: int = 0
