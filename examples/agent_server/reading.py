"""How a file is opened, and how much of it is read."""

import errno
import os
import stat
from pathlib import Path

import attrs

MAX_READ_BYTES = 2 * 2**20
"""More of one file than anybody would read; `ast` needs some 100 times the source in memory."""

# No link is followed, a pipe does not block, and Windows does not change the bytes; 0 where a system has no such flag.
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _flag, 0)


@attrs.frozen
class Content:
    """What was read of a file.

    Attributes:
        head: Its first bytes, all of them when `is_whole`.
        size_bytes: Of the file itself.
    """

    head: bytes
    size_bytes: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return len(self.head) >= self.size_bytes


def read_file(path: Path, *, max_bytes: int = MAX_READ_BYTES) -> Content:
    """Return the first `max_bytes` of a regular file.

    The planner saw a regular file here; by now it may be something else, so the answer is asked of what was opened.

    Raises:
        OSError: It cannot be read, or is a link, a pipe, a device.
    """
    descriptor = os.open(path, _OPEN_FLAGS)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        head = file.read(max_bytes)
        # A file that grew between the two calls is as large as what was read.
        return Content(head, max(status.st_size, len(head)) if len(head) == max_bytes else len(head))
