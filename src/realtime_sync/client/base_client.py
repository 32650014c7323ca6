"""What both clients are: channels over one Socket.IO connection, whoever waits for it.

Everything that touches a subscription runs in the client's *line*, one step after the other: on asyncio that is the
event loop, on threads a thread of the client's own. What waits beside it (dialling) is written as coroutines, which on
threads block instead of suspending.
"""

import inspect
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from realtime_sync.client.base_channel import BaseChannel
from realtime_sync.client.latency import Latency
from realtime_sync.client.payload import MAX_PAYLOAD_BYTES, refuse_too_large
from realtime_sync.errors import MissingExtra, RemoteError
from realtime_sync.limits import Limits
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.poll_schedule import DEFAULT_INTERVAL_S, PollSchedule, poll_pace
from realtime_sync.replication.replica import Replica
from realtime_sync.replication.subscription import Outgoing, Subscription
from realtime_sync.wire.messages import BATCH_UPDATE
from realtime_sync.wire.poll import poll_body, reply_limits

FETCH_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10.0

AnyWatched = TypeVar("AnyWatched", bound=BaseChannel)

logger = logging.getLogger("realtime_sync")


class BaseClient(ABC, Generic[AnyWatched]):
    """Watches any number of channels over one Socket.IO connection, and keeps them right across reconnects.

    Args:
        url: The server's address.
        auth: Passed to the server when connecting.
        headers: HTTP headers of the connection.
        namespace: The Socket.IO namespace on which the server's broadcaster was attached.
        socketio_path: Where the server answers Socket.IO.
        transports: Socket.IO transports in order; None: what python-socketio does.
        codecs: Names in order of preference; `json` always works. None: what suits this client best.
        backoff: When a lost connection is tried again.
        limits: Bounds on what is decoded.
        max_payload_bytes: The server's `max_http_buffer_size`: for a larger message it cuts the connection, so none is
            sent.
        poll_url: Where the server answers polls (`polling_app`, `polling_view`): asked, with the same `auth` and
            `headers`, while there is no connection, be it lost or never made. None: nobody is asked.
        poll_interval_s: Seconds from a reply to the next poll of that channel.
        sio: A python-socketio client of your own, made with `reconnection=False`; None: one is made.

    Attributes:
        reconnects: Times the connection came back.
        gave_up: The last failure, once no further attempt is made.
    """

    DEFAULT_CODECS: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        url: str,
        *,
        auth: Any = None,
        headers: dict[str, str] | None = None,
        namespace: str = "/",
        socketio_path: str = "socket.io",
        transports: Sequence[str] | None = None,
        codecs: Sequence[str] | None = None,
        backoff: Backoff | None = None,
        limits: Limits | None = None,
        max_payload_bytes: int = MAX_PAYLOAD_BYTES,
        poll_url: str | None = None,
        poll_interval_s: float = DEFAULT_INTERVAL_S,
        sio: Any = None,
    ) -> None:
        self._url = url
        self._connect_options: dict[str, Any] = {
            "auth": auth,
            "headers": headers or {},
            "namespaces": [namespace],
            "socketio_path": socketio_path,
            "transports": None if transports is None else list(transports),
            "wait": True,
            "wait_timeout": CONNECT_TIMEOUT_S,
        }
        self._namespace = namespace
        self._codecs = self.DEFAULT_CODECS if codecs is None else tuple(codecs)
        self._check_codecs()
        self._backoff = backoff or Backoff()
        self._limits = limits or Limits()
        self._max_payload_bytes = max_payload_bytes
        self._poll_url = poll_url
        self._poll_pace = poll_pace(poll_interval_s, self._backoff)
        self._max_reply_bytes = reply_limits(self._limits).max_decoded_bytes
        self._sio = self._new_sio() if sio is None else sio
        self._channels: dict[str, AnyWatched] = {}
        self._opening = threading.Lock()
        self._latency = Latency()
        self._gaps_of_closed = 0
        self._is_up = False
        self._was_up = False
        self._is_dialling = False
        self._comes_back = False  # a lost connection is tried again: there was one
        self._closed = False
        self.reconnects = 0
        self.gave_up: Exception | None = None
        self._watch_events()

    @property
    def sio(self) -> Any:
        """The Socket.IO client, for events of your own. Handlers of yours take none from this one."""
        return self._sio

    @property
    def connected(self) -> bool:
        """Whether the connection is there."""
        return self._is_up

    @property
    def polling(self) -> bool:
        """Whether channels are asked for over plain HTTP, because there is no connection."""
        return self._poll_url is not None and self._comes_back and not (self._is_up or self._closed)

    @property
    def latency_ms(self) -> float | None:
        """Milliseconds from the last question to its answer, what the server did for it included; None before one."""
        return self._latency.last_ms

    @property
    def gaps(self) -> int:
        """Times a document was found to be no longer the newest, over all channels."""
        return self._gaps_of_closed + sum(channel.gaps for channel in list(self._channels.values()))

    # ---- channels ------------------------------------------------------------------------------------------------

    def channel(self, name: str) -> AnyWatched:
        """Return the channel of that name, subscribed, the same object every time; `close` undoes one call.

        Raises:
            MessageTooLarge: With a name of that length, the server would cut the connection.
        """
        with self._opening:
            channel = self._channels.get(name)
            if channel is None:
                polls = None if self._poll_url is None else PollSchedule(self._poll_pace)
                subscription = Subscription(name, self._codecs, Replica(), limits=self._limits, polls=polls)
                refuse_too_large(subscription.largest, self._namespace, self._max_payload_bytes)
                channel = self._channels[name] = self._new_channel(name, subscription)
                self._in_line(self._join, channel)
            channel.holders += 1
            return channel

    def forget(self, channel: AnyWatched) -> None:
        """Drop a channel that was closed."""
        with self._opening:
            if self._channels.get(channel.name) is channel:
                del self._channels[channel.name]
                self._gaps_of_closed += channel.gaps
                self._in_line(self._leave, channel)

    def run(self, listener: Callable[..., Any], *arguments: Any) -> None:
        """Call an application's listener; what it raises is logged, and stops nobody else."""
        try:
            self._take_result(listener(*arguments))
        except Exception:
            logger.exception("a listener failed")

    # ---- what a shell does ---------------------------------------------------------------------------------------

    @abstractmethod
    def _check_codecs(self) -> None:
        """Refuse codecs that this client cannot take."""

    @abstractmethod
    def _new_sio(self) -> Any:
        """Return a python-socketio client that does not reconnect by itself."""

    @abstractmethod
    def _new_channel(self, name: str, subscription: Subscription) -> AnyWatched:
        """Return a channel of this client's kind."""

    @abstractmethod
    def _watch_events(self) -> None:
        """See that `_notice` gets the events of the Socket.IO client, whatever handlers the application registers."""

    @abstractmethod
    def _in_line(self, step: Callable[..., None], *arguments: Any) -> None:
        """Do a step after those that are under way."""

    @abstractmethod
    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside the line."""

    @abstractmethod
    def _set_alarm(self, at: float | None) -> None:
        """Let `_look_at_clock` be called in line at that time, in place of any other; None: not at all."""

    @abstractmethod
    def _transmit(self, said: Outgoing) -> None:
        """Send a message, after those before it; when the connection is gone, nothing happens."""

    @abstractmethod
    def _take_result(self, result: Any) -> None:
        """Take what a listener returned."""

    @abstractmethod
    async def _pause(self, seconds: float) -> None:
        """Return after that time, or when the client is closed."""

    @abstractmethod
    async def _dial(self) -> None:
        """Connect, or raise."""

    @abstractmethod
    async def _hang_up(self) -> None:
        """End the connection, also one that was made by half."""

    @abstractmethod
    async def _post(self, body: bytes) -> bytes:
        """Post it to `poll_url` and return the reply, or raise."""

    # ---- the connection, in line -----------------------------------------------------------------------------------

    def _notice(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Take an event of the Socket.IO client; return whether it is ours alone."""
        match event:
            case "connect":
                self._is_up = True
                self._in_line(self._came_up)
            case "disconnect":
                self._is_up = False
                self._in_line(self._went_down)
            case _ if event == BATCH_UPDATE:
                self._in_line(self._receive, *(*arguments, None, None, None)[:3])
                return True
        return False

    def _came_up(self) -> None:
        self.reconnects += self._was_up
        self._was_up = True
        self.gave_up = None
        for channel in list(self._channels.values()):
            self._join(channel)

    def _went_down(self) -> None:
        self._latency.forget_questions()
        for channel in list(self._channels.values()):
            channel.subscription.disconnected()
            self._poll_meanwhile(channel, at_once=not self._was_up)
            channel.notice()
        self._set_next_alarm()
        self._dial_if_down()

    def _dial_if_down(self) -> None:
        if self._comes_back and not (self._is_up or self._is_dialling or self._closed):
            self._is_dialling = True
            self._begin(self._keep_dialling())

    async def _connect_or_poll(self) -> None:
        try:
            await self._connect()
        except MissingExtra:
            raise
        except Exception as error:
            if self._poll_url is None:
                raise
            logger.info("no connection to %s yet, asking %s: %s", self._url, self._poll_url, error)
            self._comes_back = True
            self._in_line(self._went_down)

    async def _connect(self) -> None:
        try:
            self._in_line(self._forget_half_a_packet)
            await self._dial()
            if self._sio.eio.state != "connected":
                raise ConnectionError("the connection was lost as soon as it was made")
        except Exception:
            await self._hang_up()  # what was made by half
            # python-socketio tells of no disconnection until its `connect` has returned, and refuses another
            self._sio.connected = False
            if self._is_up:
                self._notice("disconnect", ())
            raise
        self._comes_back = True

    def _forget_half_a_packet(self) -> None:
        # A text with attachments whose task runs after its connection was lost would take `connect` for one of them.
        self._sio._binary_packet = None

    async def _keep_dialling(self) -> None:
        failure = await self._dial_until_it_works()
        self._in_line(self._end_dialling, failure)

    async def _dial_until_it_works(self) -> Exception | None:
        """Return None when the connection is back or not wanted any more, else why the last attempt failed."""
        attempt, failure = 0, Exception("no attempt was allowed")
        while not self._backoff.gives_up_after(attempt):
            await self._pause(self._backoff.delay_s(attempt))
            if self._closed:
                return None
            try:
                await self._connect()
                if self._closed:
                    await self._hang_up()
                return None
            except Exception as error:  # whatever a proxy answers while the server is away
                failure = error
                attempt += 1
        logger.error("no connection to %s after %d attempts: %s", self._url, attempt, failure)
        return failure

    def _end_dialling(self, failure: Exception | None) -> None:
        self._is_dialling = False
        if failure is None:
            self._dial_if_down()  # it may have been lost again meanwhile
            return
        self.gave_up = failure
        for channel in list(self._channels.values()):
            if not channel.subscription.is_polled:
                channel.give_up(failure)

    # ---- messages and time, in line --------------------------------------------------------------------------------

    def _join(self, channel: AnyWatched) -> None:
        if self._channels.get(channel.name) is not channel:
            return
        if self._is_up:
            channel.subscription.connected(time.monotonic())
            channel.notice()
            self._say(channel)
        elif self.polling:
            self._poll_meanwhile(channel, at_once=True)
            self._set_next_alarm()

    def _leave(self, channel: AnyWatched) -> None:
        channel.subscription.unsubscribe()
        channel.notice()
        self._say(channel)

    def _receive(self, name: Any, body: Any, answer: Any) -> None:
        channel = self._channels.get(name) if isinstance(name, str) else None
        if channel is not None:  # else: a frame that crossed our unsubscribing
            now = time.monotonic()
            self._latency.answered(name, answer, now)
            channel.tell(channel.subscription.receive(body, answer, now))
            self._say(channel)

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        for channel in list(self._channels.values()):
            deadline = channel.subscription.deadline
            if deadline is not None and deadline <= now:
                channel.tell(channel.subscription.tick(now))
                self._say(channel)
                self._poll_if_due(channel)
        self._set_next_alarm()

    def _say(self, channel: AnyWatched) -> None:
        for said in channel.subscription.outgoing():
            self._latency.asked(said.message, time.monotonic())
            self._transmit(said)
        self._set_next_alarm()

    def _set_next_alarm(self) -> None:
        deadlines = [channel.subscription.deadline for channel in list(self._channels.values())]
        self._set_alarm(min((deadline for deadline in deadlines if deadline is not None), default=None))

    # ---- over plain HTTP, while there is no connection, in line ----------------------------------------------------

    def _poll_meanwhile(self, channel: AnyWatched, *, at_once: bool) -> None:
        if self.polling:
            channel.subscription.poll_meanwhile(time.monotonic(), at_once=at_once)

    def _poll_if_due(self, channel: AnyWatched) -> None:
        message = channel.subscription.poll(time.monotonic()) if self.polling else None
        if message is not None:
            self._begin(self._poll(channel, message))

    async def _poll(self, channel: AnyWatched, message: dict[str, Any]) -> None:
        try:
            auth = self._connect_options["auth"]
            auth = auth() if callable(auth) else auth  # as python-socketio has it
            auth = await auth if inspect.isawaitable(auth) else auth
            reply = await self._post(poll_body(message, auth))
        except Exception as error:  # whatever a proxy answers while the server is away
            self._in_line(self._note_failed_poll, channel, message["request"], error)
        else:
            self._in_line(self._take_reply, channel, message["request"], reply)

    def _take_reply(self, channel: AnyWatched, request: str, reply: bytes) -> None:
        channel.tell(channel.subscription.receive_reply(request, reply, time.monotonic()))
        self._set_next_alarm()

    def _note_failed_poll(self, channel: AnyWatched, request: str, error: Exception) -> None:
        cause = error if isinstance(error, RemoteError) else None
        failures = channel.subscription.poll_failed(request, cause, time.monotonic())
        logger.info("polling %s for channel %r failed: %s", self._poll_url, channel.name, error)
        if self.gave_up is not None and self._backoff.gives_up_after(failures):
            channel.subscription.end_polling()
            channel.give_up(error)
        self._set_next_alarm()
