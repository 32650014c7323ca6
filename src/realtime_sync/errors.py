"""Everything that this library raises.

SyncError
 +-- LocalError                     the calling program is wrong
 |    +-- InvalidValue              a value that is no JSON (also ValueError)
 |    +-- InvalidName               a channel or event name that is not allowed (also ValueError)
 |    +-- DraftClosed               a draft used after its block ended (also RuntimeError)
 |    +-- EditConflict              another writer changed what this edit touches (also RuntimeError)
 |    +-- NoDocument                nothing was published to the channel yet (also LookupError)
 |    +-- ChannelClosed             the channel was closed or deleted (also RuntimeError)
 |    +-- QueueFull                 too many events wait for a frame (also RuntimeError)
 |    +-- ReentrantCapture          `default` published to the channel that it converts for (also RuntimeError)
 |    +-- UnknownCodec              no codec of that name (also LookupError)
 |    +-- MissingExtra              an optional library is not installed (also ImportError)
 |    +-- AlreadyAttached           the namespace of this server has a broadcaster (also RuntimeError)
 |    +-- UnsupportedServer         `attach` does not know this kind of server (also TypeError)
 |    +-- MessageTooLarge           more than the other end would take, so it was not sent (also ValueError)
 +-- PatchError                     a patch that cannot be applied (also ValueError)
 |    +-- InvalidPatch              not a patch at all
 |    +-- InvalidPointer            not an RFC 6901 pointer
 |    +-- PathNotFound              a location that does not exist (also LookupError)
 |    +-- TestFailed                a `test` operation that does not hold
 +-- LogRefused                     the log does not take an append: someone else writes (also RuntimeError)
 +-- RemoteError                    what arrived is wrong
      +-- DecodeError               bytes that are no frame of this codec (also ValueError)
      |    +-- LimitExceeded        more than `Limits` allows
      |    +-- UnknownDictionary    bytes that need a dictionary which is not held
      +-- ProtocolError             a message that PROTOCOL.md does not know (also ValueError)
      +-- SubscriptionRefused       the server said no (also PermissionError)
"""

import reprlib

_BRIEF = reprlib.Repr()  # an operation may hold a whole document, nested more deeply than repr() can follow
_BRIEF.maxstring = 200


class SyncError(Exception):
    """Root of all errors of this library."""


class LocalError(SyncError):
    """The calling program is wrong."""


def _shortened(path: str) -> str:
    """Return a path that can be read: of one with a thousand steps, the beginning and the end."""
    return path if len(path) <= 200 else f"{path[:120]} ... {path[-60:]}"


class InvalidValue(LocalError, ValueError):
    """A value that is no JSON, or no JSON that every client could hold.

    Attributes:
        path: JSON Pointer of the value inside what was passed.
        problem: What is wrong with it.
        remedy: What to do about it.
    """

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(path, problem, remedy)
        self.path, self.problem, self.remedy = path, problem, remedy

    def __str__(self) -> str:
        return f"at {_shortened(self.path) or 'the root'}: {self.problem}; {self.remedy}"


class InvalidName(LocalError, ValueError):
    """A channel or event name that is not allowed."""


class DraftClosed(LocalError, RuntimeError):
    """A draft was used after its `with` block ended."""

    def __str__(self) -> str:
        return "this draft is closed: its `with` block has ended; open a new one, and keep values, not parts of a draft"


class DraftDetached(DraftClosed):
    """A part of a draft was written to after it had been removed from the draft, or replaced there."""

    def __str__(self) -> str:
        return (
            "this part is no longer in its draft: it was removed or replaced, so a write to it would be lost; "
            "read the place again, as in draft[key]"
        )


class EditConflict(LocalError, RuntimeError):
    """Another writer changed what this edit touches; nothing of it was applied.

    Attributes:
        path: JSON Pointer where the two writers met.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"another writer changed {self.path or 'the whole document'} while this edit was open; nothing was "
            "applied: repeat the edit, or use channel.update(fn), which repeats it for you"
        )


class NoDocument(LocalError, LookupError):
    """Nothing was published to the channel yet."""

    def __str__(self) -> str:
        return "the channel has no document yet: pass initial= to hub.channel(), or publish() a whole document first"


class ChannelClosed(LocalError, RuntimeError):
    """The channel, or the broadcaster it belongs to, was closed.

    Attributes:
        channel: Its name.
        reason: What the one who closed it said.
    """

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(channel, reason)
        self.channel, self.reason = channel, reason

    def __str__(self) -> str:
        return f"channel {self.channel!r} is closed: {self.reason}"


class QueueFull(LocalError, RuntimeError):
    """As many events as allowed wait for a frame already; this one was not taken.

    Attributes:
        max_queue_size: How many may wait.
    """

    def __init__(self, max_queue_size: int) -> None:
        super().__init__(max_queue_size)
        self.max_queue_size = max_queue_size

    def __str__(self) -> str:
        return (
            f"{self.max_queue_size} events wait to be sent, and this one was not taken: emit it later, or raise "
            "max_queue_size"
        )


class ReentrantCapture(LocalError, RuntimeError):
    """A capture inside a capture: the application's `default` published to the channel that it converts a value for.

    Attributes:
        channel: The channel's name.
    """

    def __init__(self, channel: str) -> None:
        super().__init__(channel)
        self.channel = channel

    def __str__(self) -> str:
        return (
            f"channel {self.channel!r} is taking a value right now, and the function that converts it (`default`) "
            "published to the same channel; let it only return a value"
        )


class UnknownCodec(LocalError, LookupError):
    """No codec of that name is registered."""

    def __init__(self, name: str, available: tuple[str, ...]) -> None:
        super().__init__(name, available)
        self.name, self.available = name, available

    def __str__(self) -> str:
        return f"no codec {self.name!r}; available: {', '.join(self.available)}"


class MissingExtra(LocalError, ImportError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(library, extra)
        self.library, self.extra = library, extra

    def __str__(self) -> str:
        return f'{self.library} is not installed: pip install "realtime-sync[{self.extra}]"'


class AlreadyAttached(LocalError, RuntimeError):
    """The namespace of this server has a broadcaster already; a second one would silence the first."""


class UnsupportedServer(LocalError, TypeError):
    """`attach` was given something that it cannot broadcast through."""


class MessageTooLarge(LocalError, ValueError):
    """Something larger than the other end would take; it was not sent.

    Attributes:
        subject: What was to be sent.
        limit: Name of the setting that is in the way.
        allowed: Its value.
        found: Size of what was to be sent, in bytes; for `max_elements` in values, at least so many.
    """

    def __init__(self, subject: str, limit: str, allowed: int, found: int) -> None:
        super().__init__(subject, limit, allowed, found)
        self.subject, self.limit, self.allowed, self.found = subject, limit, allowed, found

    def __str__(self) -> str:
        unit = "values" if self.limit == "max_elements" else "bytes"
        return f"{self.subject} takes {self.found} {unit}, over {self.limit}={self.allowed}, and was not sent"


class PatchError(SyncError, ValueError):
    """A patch that cannot be applied; the document is unchanged.

    Attributes:
        problem: What is wrong.
        index: Which operation, counted from 0; None when it is not one of a list.
        operation: The operation itself, or None.
    """

    def __init__(self, problem: str, *, index: int | None = None, operation: object = None) -> None:
        super().__init__(problem)
        self.problem, self.index, self.operation = problem, index, operation

    def __str__(self) -> str:
        if self.index is None:
            return self.problem
        return f"operation {self.index} ({_BRIEF.repr(self.operation)}): {self.problem}"


class InvalidPatch(PatchError):
    """Not a patch: an unknown operation, a missing member, or a value of the wrong type."""


class InvalidPointer(PatchError):
    """Not a JSON Pointer (RFC 6901)."""


class PathNotFound(PatchError, LookupError):
    """An operation names a location that does not exist."""


class TestFailed(PatchError):
    """A `test` operation does not hold."""

    __test__ = False  # pytest would collect a class of this name


class LogRefused(SyncError, RuntimeError):
    """The log does not take this append: its end is elsewhere, so somebody else writes to it."""


class RemoteError(SyncError):
    """What arrived from the other end is wrong."""


class DecodeError(RemoteError, ValueError):
    """Bytes that are no frame of this codec.

    Attributes:
        codec: Name of the codec that was asked.
        problem: What is wrong with the bytes.
    """

    def __init__(self, codec: str, problem: str) -> None:
        super().__init__(codec, problem)
        self.codec, self.problem = codec, problem

    def __str__(self) -> str:
        return f"not a frame of codec {self.codec}: {self.problem}"


class LimitExceeded(DecodeError):
    """More than `Limits` allows.

    Attributes:
        limit: Name of the field of `Limits`.
        allowed: Its value.
        found: What arrived; at least this much, when counting stopped early.
    """

    def __init__(self, codec: str, limit: str, allowed: int, found: int) -> None:
        super().__init__(codec, f"{found} is over {limit}={allowed}")
        self.args = (codec, limit, allowed, found)
        self.limit, self.allowed, self.found = limit, allowed, found


class UnknownDictionary(DecodeError):
    """Bytes that need a dictionary which is not held: ask for it, and keep what is shown.

    Attributes:
        id: Which one.
    """

    def __init__(self, codec: str, id: str) -> None:
        super().__init__(codec, f"it needs the dictionary {id}, which is not held")
        self.args = (codec, id)
        self.id = id


class ProtocolError(RemoteError, ValueError):
    """A message that PROTOCOL.md does not know."""


class SubscriptionRefused(RemoteError, PermissionError):
    """The server refused a subscription.

    Attributes:
        channel: The channel asked for.
        outcome: The server's word: `forbidden`, `upgrade_required`, ...
    """

    def __init__(self, channel: str, outcome: str, message: str = "") -> None:
        super().__init__(channel, outcome, message)
        self.channel, self.outcome, self.message = channel, outcome, message

    def __str__(self) -> str:
        return f"channel {self.channel!r}: {self.outcome}" + (f" ({self.message})" if self.message else "")
