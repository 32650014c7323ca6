"""Which channels are in memory, and for how long."""

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.errors import ChannelClosed

AnyChannel = TypeVar("AnyChannel", bound=SendingChannel)

SWEEPS_PER_TTL = 10
"""Idle channels are looked for this often in one time to live."""


class ChannelRegistry(Generic[AnyChannel]):
    """The channels of one broadcaster, by name.

    A channel stays for `ttl_s` after its last subscriber or frame, and in any case as long as the application holds it:
    past the time to live it is referenced weakly.

    Args:
        make: Makes a channel of a name.
        now: Returns monotonic seconds.
        ttl_s: Seconds that an unused channel is kept.

    Attributes:
        on_kept: Called when there is something that may have to be forgotten some day. From any thread.
    """

    def __init__(self, make: Callable[[str], AnyChannel], now: Callable[[], float], ttl_s: float) -> None:
        self._make, self._now, self._ttl_s = make, now, ttl_s
        self._channels: weakref.WeakValueDictionary[str, AnyChannel] = weakref.WeakValueDictionary()
        self._kept: dict[str, AnyChannel] = {}
        self._swept_at = now()
        self._closed: str | None = None
        self.on_kept: Callable[[], None] = _nobody_cares
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Take a new lock: in a forked process nobody may be there to release the old one."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._channels)

    def __iter__(self) -> Iterator[AnyChannel]:
        with self._lock:  # another thread may open one meanwhile
            return iter(list(self._channels.values()))

    def open(self, name: str) -> AnyChannel:
        """Return the channel of that name; make it when there is none.

        Raises:
            ChannelClosed: The registry was closed.
        """
        with self._lock:
            if self._closed is not None:
                raise ChannelClosed(name, self._closed)
            channel = self._channels.get(name)
            if channel is None:
                channel = self._channels[name] = self._make(name)
            channel.used_at = self._now()
            self._kept[name] = channel
        self.on_kept()
        self._sweep_sometimes()  # nobody else does before the first client
        return channel

    def find(self, name: str) -> AnyChannel | None:
        """Return the channel of that name; None when it is not in memory."""
        return self._channels.get(name)

    def keep(self, channel: SendingChannel) -> None:
        """The channel is used: keep it for another time to live, unless it was removed."""
        with self._lock:
            held = self._channels.get(channel.name)
            if held is not None and held is channel:
                self._kept[channel.name] = held
        self.on_kept()

    def holds(self, channel: SendingChannel) -> bool:
        """Whether this very channel is the one of its name: it may have ended, and another begun."""
        return self._channels.get(channel.name) is channel

    def remove(self, channel: SendingChannel) -> None:
        """Forget a channel; the next one of its name is another."""
        with self._lock:
            if self.holds(channel):
                self._kept.pop(channel.name, None)
                self._channels.pop(channel.name, None)

    def reopen(self, channel: SendingChannel) -> None:
        """Let a channel that did not end take captures again, unless the registry was closed."""
        if self._closed is None:
            channel.accept_captures()
        if self._closed is not None:  # meanwhile
            channel.refuse_captures(self._closed)

    def close(self, reason: str) -> None:
        """Refuse captures in every channel, and new channels."""
        with self._lock:
            self._closed = reason
        for channel in self:
            channel.refuse_captures(reason)

    # ---- what nobody uses ----------------------------------------------------------------------------------------

    @property
    def may_forget(self) -> bool:
        """Whether anything is kept that may have to be forgotten; nothing is, once it was closed."""
        return bool(self._kept) and self._closed is None

    def sweep(self) -> None:
        """Forget what was not used for longer than its time to live, unless the application holds it."""
        now = self._now()
        with self._lock:
            self._swept_at = now
            for name, channel in list(self._kept.items()):
                if not channel.subscribers and not channel.is_pending and now - channel.used_at > self._ttl_s:
                    del self._kept[name]

    def _sweep_sometimes(self) -> None:
        if self._now() - self._swept_at >= self._ttl_s / SWEEPS_PER_TTL:
            self.sweep()


def _nobody_cares() -> None:
    """Nobody looks for what is not used but the registry itself."""
