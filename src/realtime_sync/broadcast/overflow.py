"""What becomes of an event for which there is no room."""

import enum


class Overflow(enum.Enum):
    """What `emit` does while `max_queue_size` events of a channel wait for a frame.

    A lossless event is never dropped: it takes the place of an ordinary one, and where there is none, `emit` raises.
    """

    DROP = "drop"
    """Drop the oldest of the lowest priority, count it, and tell its readers how many there were."""

    RAISE = "raise"
    """Raise `QueueFull`: the event was not taken, and the caller knows."""

    BLOCK = "block"
    """Block the calling thread until there is room. Where it must not block, or nobody would make room, raise
    `QueueFull`: in the thread of an event loop, in background work of the hub's own, and before anything is sent."""
