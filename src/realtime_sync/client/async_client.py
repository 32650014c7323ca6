"""Watching channels from Python, over a python-socketio client on asyncio."""

import asyncio
import contextlib
import importlib.util
import inspect
import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Self

from realtime_sync.client.base_client import FETCH_TIMEOUT_S, BaseClient
from realtime_sync.client.last_words import all_is_said
from realtime_sync.client.long_polling import AsyncLongPolling
from realtime_sync.client.payload import refuse_too_large
from realtime_sync.client.watched_channel import WatchedChannel
from realtime_sync.errors import MissingExtra
from realtime_sync.replication.subscription import Outgoing, Subscription

if TYPE_CHECKING:
    from realtime_sync.client.async_poster import AsyncPoster

try:
    import socketio
except ImportError as error:
    raise MissingExtra("python-socketio", "client") from error

PREFERRED_CODECS = ("json+zstd+dictionary", "json+zstd", "json")
"""Of the built-in ones the smallest and the fastest to read: 130 bytes and 17 us a delta of a task graph, where
`msgpack+zstd+dictionary` has 136 and 22."""

logger = logging.getLogger("realtime_sync")


class AsyncSyncClient(BaseClient[WatchedChannel]):
    """Watches any number of channels over one Socket.IO connection, and keeps them right across reconnects.

        async with AsyncSyncClient("http://localhost:8000") as client:
            project = await client.channel("project_42").ready()
            print(project.document["all_nodes"])

    Args:
        url: The server's address.
        auth: Passed to the server when connecting.
        headers: HTTP headers of the connection.
        namespace: The Socket.IO namespace on which the server's broadcaster was attached.
        socketio_path: Where the server answers Socket.IO.
        transports: Socket.IO transports in order; None: what python-socketio does.
        codecs: Names in order of preference; `json` always works. None: the smallest.
        backoff: When a lost connection is tried again.
        limits: Bounds on what is decoded.
        max_payload_bytes: The server's `max_http_buffer_size`: for a larger message it cuts the connection, so none is
            sent.
        poll_url: Where the server answers polls (`polling_app`, `polling_view`): asked, with the same `auth` and
            `headers`, while there is no connection, be it lost or never made. None: nobody is asked.
        poll_interval_s: Seconds from a reply to the next poll of that channel.
        sio: A `socketio.AsyncClient` of your own, made with `reconnection=False`; None: one is made.

    Attributes:
        reconnects: Times the connection came back.
        gave_up: The last failure, once no further attempt is made.
    """

    DEFAULT_CODECS = PREFERRED_CODECS

    def __init__(self, url: str, **options: Any) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._poster: AsyncPoster | None = None
        super().__init__(url, **options)
        self._long_polling = AsyncLongPolling(self._sio)

    # ---- life ----------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect; from now on a lost connection is tried again as `backoff` says.

        With a `poll_url`, so is one that cannot be made.

        Raises:
            socketio.exceptions.ConnectionError: The server cannot be reached, or refuses.
            MissingExtra: The library that python-socketio connects with is not installed.
        """
        await self._connect_or_poll()

    async def close(self) -> None:
        """Disconnect for good. Idempotent."""
        self._closed = True
        self._set_alarm(None)
        self._cancel_tasks()
        await self._hang_up()
        self._cancel_tasks()  # of those who were told that the connection is gone
        if self._poster is not None:
            await self._poster.close()

    def _cancel_tasks(self) -> None:
        for task in self._tasks - {asyncio.current_task()}:  # a listener may close the client
            task.cancel()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, said: Outgoing) -> Any:
        """Send a message and return its acknowledgement.

        Raises:
            MessageTooLarge: The server would cut the connection.
            TimeoutError: No answer came.
        """
        refuse_too_large(said, self._namespace, self._max_payload_bytes)
        try:
            return await self._sio.call(said.event, said.message, namespace=self._namespace, timeout=FETCH_TIMEOUT_S)
        except socketio.exceptions.TimeoutError:
            raise TimeoutError(f"no answer to {said.event} within {FETCH_TIMEOUT_S} s") from None

    # ---- the shell: the line is the event loop -----------------------------------------------------------------------

    def _check_codecs(self) -> None:
        pass  # the server takes the first that it knows

    def _new_sio(self) -> socketio.AsyncClient:
        # The application's Ctrl-C stays the application's.
        return socketio.AsyncClient(reconnection=False, handle_sigint=False)

    def _new_channel(self, name: str, subscription: Subscription) -> WatchedChannel:
        return WatchedChannel(name, self, subscription)

    def _watch_events(self) -> None:
        # python-socketio has one handler for each event, and those of `client.sio` are the application's: registered
        # after ours, a `connect` of its own would silence this client. The dispatcher has no public hook.
        dispatch = self._sio._trigger_event

        async def watch(event: str, namespace: str, *arguments: Any) -> Any:
            if namespace == self._namespace and self._notice(event, arguments):
                return None
            return await dispatch(event, namespace, *arguments)

        self._sio._trigger_event = watch

    def _in_line(self, step: Callable[..., None], *arguments: Any) -> None:
        step(*arguments)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.ensure_future(work))

    def _keep(self, task: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _set_alarm(self, at: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        if at is not None:
            delay = max(0.0, at - time.monotonic())
            self._alarm = asyncio.get_running_loop().call_later(delay, self._look_at_clock)

    def _transmit(self, said: Outgoing) -> None:
        self._begin(self._emit(said))  # tasks begin in the order in which they were made, and this one never waits

    async def _emit(self, said: Outgoing) -> None:
        with contextlib.suppress(socketio.exceptions.BadNamespaceError):  # disconnected meanwhile: said again then
            await self._sio.emit(said.event, said.message, namespace=self._namespace)

    def _take_result(self, result: Any) -> None:
        if inspect.isawaitable(result):
            self._keep(asyncio.ensure_future(result)).add_done_callback(_log_failure)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _dial(self) -> None:
        if importlib.util.find_spec("aiohttp") is None:
            raise MissingExtra("aiohttp", "client")  # python-socketio would only call it unexpected
        await self._sio.connect(self._url, **self._connect_options)

    async def _hang_up(self) -> None:
        await all_is_said(self._sio.eio)
        await self._long_polling.leave()

    async def _post(self, body: bytes) -> bytes:
        if self._poster is None:
            from realtime_sync.client.async_poster import AsyncPoster  # aiohttp may be missing until one connects

            assert self._poll_url is not None, "who polls knows where"
            self._poster = AsyncPoster(self._poll_url, self._connect_options["headers"], self._max_reply_bytes)
        return await self._poster.post(body)


def _log_failure(listener: "asyncio.Future[Any]") -> None:
    if not listener.cancelled() and (error := listener.exception()) is not None:
        logger.error("a listener failed", exc_info=error)
