"""What is known of one connected client."""

import threading
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs

from realtime_sync.broadcast.pace import Pace
from realtime_sync.broadcast.ports import Subscriber
from realtime_sync.broadcast.sending_channel import SendingChannel

OTHER_CHANNELS = ""
"""No channel's name; under it are paced, together, those for which there is no room."""


@attrs.define(eq=False)
class Admission:
    """One request of a client, from the moment in which `authorize` is asked.

    Attributes:
        channel: Name of the channel that it is about.
        revoked: What `authorize` said, or is about to say, is older than a revocation.
    """

    channel: str
    revoked: bool = False


@attrs.define(eq=False)
class Session:
    """A connected client that asked for something.

    Attributes:
        subscriber: Who it is.
        lock: Its requests are answered one after the other, in the order in which they came.
        max_paces: Channels whose requests are paced apart.
        guard: Held for a moment to join or leave, or to revoke: any thread may do that. Nothing is awaited under it.
        channels: What it watches, by name.
        admission: The newest request.
        paces: How often it asks, by channel.
    """

    subscriber: Subscriber
    lock: AbstractAsyncContextManager[Any]
    max_paces: int
    guard: threading.Lock = attrs.field(factory=threading.Lock)
    channels: dict[str, SendingChannel] = attrs.field(factory=dict)
    admission: Admission | None = None
    paces: dict[str, Pace] = attrs.field(factory=dict)

    def pace(self, channel: str, now: float) -> Pace:
        """Return how often it asks about a channel; what was long ago is forgotten.

        Who asks about ever more channels in a moment gets one pace for all that are too many.
        """
        if channel not in self.paces and len(self.paces) >= self.max_paces:
            self.paces = {name: pace for name, pace in self.paces.items() if not pace.is_rested(now)}
            if len(self.paces) >= self.max_paces:
                channel = OTHER_CHANNELS
        return self.paces.setdefault(channel, Pace())

    def withdraw(self, channel: str) -> None:
        """Forget the request about a channel that waits for its turn."""
        pace = self.paces.get(channel) or self.paces.get(OTHER_CHANNELS)
        if pace is not None and pace.waiting is not None and pace.waiting.channel == channel:
            pace.waiting = None

    def ask(self, channel: str) -> Admission:
        """Return the admission of a request that begins; revocations hit it from now on."""
        admission = Admission(channel)
        with self.guard:
            self.admission = admission
        return admission

    def revoke(self, channel: str | None) -> list[str]:
        """Let the request under way know; return the names of the channels that are to be left."""
        with self.guard:
            if self.admission is not None and channel in (None, self.admission.channel):
                self.admission.revoked = True
            return [name for name in self.channels if channel in (None, name)]

    def watches(self, admission: Admission, channel: SendingChannel) -> bool:
        """Whether a client that was let in is still in: it may have been revoked, or have left, meanwhile."""
        with self.guard:
            return not admission.revoked and self.channels.get(channel.name) is channel
