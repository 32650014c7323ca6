"""The options of a broadcaster, checked once."""

from collections.abc import Callable, Sequence
from typing import Any, Required, TypedDict

import attrs
from attrs.validators import ge, gt, instance_of, is_callable, optional

from realtime_sync.broadcast.encoded_frames import TEXT_CODEC
from realtime_sync.broadcast.overflow import Overflow
from realtime_sync.broadcast.ports import Authorize, ChannelLog, Load, OnResync
from realtime_sync.broadcast.rooms import OURS
from realtime_sync.document.normalize import Normalizer
from realtime_sync.errors import InvalidName
from realtime_sync.limits import HistoryLimits, Limits, ReaderLimits
from realtime_sync.wire.codec import available_codecs, get_codec


class OptionArguments(TypedDict, total=False):
    """The keyword arguments that `attach` and `AsyncBroadcaster.on` take: the fields of `Options`."""

    authorize: Required[Authorize]
    codecs: Sequence[str] | None
    window_ms: float
    max_queue_size: int
    overflow: Overflow
    history: HistoryLimits
    limits: Limits
    readers: ReaderLimits
    log: ChannelLog | None
    load: Load | None
    on_resync: OnResync | None
    default: Callable[[Any], Any] | None
    channel_ttl_s: float


@attrs.frozen(kw_only=True)
class Options:
    """What `attach` was told; its docstring explains each."""

    authorize: Authorize
    codecs: Sequence[str] | None = None
    window_ms: float = attrs.field(default=50, validator=ge(0))
    max_queue_size: int = attrs.field(default=1_000, validator=gt(0))
    overflow: Overflow = attrs.field(default=Overflow.DROP, validator=instance_of(Overflow))
    history: HistoryLimits = attrs.field(factory=HistoryLimits, validator=instance_of(HistoryLimits))
    limits: Limits = attrs.field(factory=Limits, validator=instance_of(Limits))
    readers: ReaderLimits = attrs.field(factory=ReaderLimits, validator=instance_of(ReaderLimits))
    log: ChannelLog | None = None
    load: Load | None = attrs.field(default=None, validator=optional(is_callable()))
    on_resync: OnResync | None = attrs.field(default=None, validator=optional(is_callable()))
    default: Callable[[Any], Any] | None = attrs.field(default=None, validator=optional(is_callable()))
    channel_ttl_s: float = attrs.field(default=3_600, validator=gt(0))

    @classmethod
    def of(cls, arguments: OptionArguments) -> "Options":
        """Return the options that keyword arguments mean.

        Raises:
            TypeError: One is unknown, or `authorize` is missing or cannot be called.
        """
        known = [field.name for field in attrs.fields(cls)]
        for name in arguments:
            if name not in known:
                raise TypeError(f"there is no option {name!r}, only {', '.join(known)}")
        if not callable(arguments.get("authorize")):
            raise TypeError(
                "authorize is called as authorize(subscriber, channel, action), and has no default; to let everybody "
                "in, say so: authorize=realtime_sync.allow_everyone"
            )
        return cls(**arguments)

    def __attrs_post_init__(self) -> None:
        for codec in self.codecs or ():
            get_codec(codec)

    @property
    def normalizer(self) -> Normalizer:
        """The door for values."""
        return Normalizer(default=self.default, limits=self.limits)

    def choose_codec(self, offered: Sequence[str]) -> str:
        """Return the first offered codec that is allowed here; `json` is always."""
        allowed = available_codecs() if self.codecs is None else tuple(self.codecs)
        return next((codec for codec in offered if codec in allowed), TEXT_CODEC)

    def is_channel_name(self, name: object) -> bool:
        """Whether `name` may name a channel: text without control characters, within its limit, and no room of ours."""
        most = self.limits.max_channel_name_bytes
        if not isinstance(name, str) or not 0 < len(name) <= most or not name.isprintable():
            return False
        return len(name.encode()) <= most and not name.startswith(OURS)

    def check_channel_name(self, name: object) -> None:
        """Raise InvalidName unless `name` may name a channel."""
        if not self.is_channel_name(name):
            raise InvalidName(
                f"{name!r:.100} cannot be a channel's name: it must be printable text of 1 to "
                f"{self.limits.max_channel_name_bytes} bytes that does not begin with {OURS!r}"
            )
