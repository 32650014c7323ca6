"""When a reader says how far it has read."""

ACK_FRAMES = 32
ACK_BYTES = 64 * 1024
"""A server lets 256 frames, or a megabyte, be unacknowledged: an eighth, or a sixteenth, keeps the stream flowing."""

ACK_IDLE_S = 1.0
"""After the last frame: what came in a burst is acknowledged once, and a quiet reader costs nothing."""


class Acknowledgements:
    """Counts what was applied since the last acknowledgement.

    Attributes:
        deadline: When the next one is due although nothing more comes; None: nothing is unacknowledged.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._frames = 0
        self._bytes = 0

    def applied(self, size_bytes: int, now: float) -> bool:
        """Count a frame; return whether an acknowledgement is due at once."""
        self._frames += 1
        self._bytes += size_bytes
        self.deadline = now + ACK_IDLE_S
        return self._frames >= ACK_FRAMES or self._bytes >= ACK_BYTES

    def is_due(self, now: float) -> bool:
        """Whether `deadline` has passed."""
        return self.deadline is not None and now >= self.deadline

    def reset(self) -> None:
        """All was acknowledged, or there is nobody to tell."""
        self.deadline = None
        self._frames = self._bytes = 0
