"""Watching channels from Python without an event loop, over a python-socketio client on threads."""

import contextlib
import functools
import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

from realtime_sync.broadcast.run_now import run_now
from realtime_sync.client.base_client import FETCH_TIMEOUT_S, BaseClient
from realtime_sync.client.last_words import END_S, wait_until_all_is_said
from realtime_sync.client.line import Line
from realtime_sync.client.long_polling import poll_in_portions
from realtime_sync.client.payload import refuse_too_large
from realtime_sync.client.sync_channel import SyncWatchedChannel
from realtime_sync.errors import MissingExtra
from realtime_sync.replication.subscription import Outgoing, Subscription

try:
    import socketio
    from engineio.packet import CLOSE, Packet
    from engineio.payload import Payload
except ImportError as error:
    raise MissingExtra("python-socketio", "client") from error

TEXT_CODECS = ("json",)
"""Codecs whose frames are JSON values inside the Socket.IO packet.

python-socketio's threaded client takes each message in a thread of its own, in no sure order, and a frame as bytes is
two messages: the event, and its attachment. Two such events at once, and it joins the wrong halves, or stops listening.
This client puts the messages in line again, at a place in python-engineio that no release promises to keep; should one
go around it, a text frame in the wrong order costs one question, where a torn one would be garbage."""

logger = logging.getLogger("realtime_sync")


class SyncClient(BaseClient[SyncWatchedChannel]):
    """Watches any number of channels over one Socket.IO connection, and keeps them right across reconnects.

        with SyncClient("http://localhost:8000") as client:
            project = client.channel("project_42").ready(timeout_s=10)
            print(project.document["all_nodes"])

    From any thread. Listeners are called one after the other in a thread of the client.

    Args:
        url: The server's address.
        auth: Passed to the server when connecting.
        headers: HTTP headers of the connection.
        namespace: The Socket.IO namespace on which the server's broadcaster was attached.
        socketio_path: Where the server answers Socket.IO.
        transports: Socket.IO transports in order; None: what python-socketio does.
        codecs: Only `json`: see `realtime_sync.client.sync_client.TEXT_CODECS`.
        backoff: When a lost connection is tried again.
        limits: Bounds on what is decoded.
        max_payload_bytes: The server's `max_http_buffer_size`: for a larger message it cuts the connection, so none is
            sent.
        poll_url: Where the server answers polls (`polling_app`, `polling_view`): asked, with the same `auth` and
            `headers`, while there is no connection, be it lost or never made. None: nobody is asked.
        poll_interval_s: Seconds from a reply to the next poll of that channel.
        sio: A `socketio.Client` of your own, made with `reconnection=False`; None: one is made.

    Attributes:
        reconnects: Times the connection came back.
        gave_up: The last failure, once no further attempt is made.

    Raises:
        ValueError: A codec whose frames are bytes.
    """

    DEFAULT_CODECS = TEXT_CODECS

    def __init__(self, url: str, **options: Any) -> None:
        self._line = Line(self._look_at_clock)
        self._closing = threading.Event()
        self._beside: set[threading.Thread] = set()
        super().__init__(url, **options)
        poll_in_portions(self._sio.eio)
        self._put_messages_in_line()

    # ---- life ----------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect; from now on a lost connection is tried again as `backoff` says.

        With a `poll_url`, so is one that cannot be made.

        Raises:
            socketio.exceptions.ConnectionError: The server cannot be reached, or refuses.
            MissingExtra: A library that python-socketio connects with is not installed.
        """
        self.refuse_in_listener("connect")
        run_now(self._connect_or_poll())

    def close(self) -> None:
        """Disconnect for good, and end every thread. Idempotent."""
        self._closed = True
        self._closing.set()
        self._disconnect()
        until = time.monotonic() + END_S
        for thread in self._beside - {threading.current_thread()}:
            thread.join(max(0.0, until - time.monotonic()))  # all together: each poll may wait for a server that hangs
        self._line.end(END_S)
        if self._sio.eio.http is not None:
            self._sio.eio.http.close()  # python-engineio leaves its session open for the next connection

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, said: Outgoing) -> Any:
        """Send a message and return its acknowledgement.

        Raises:
            MessageTooLarge: The server would cut the connection.
            TimeoutError: No answer came.
            RuntimeError: Called in a listener.
        """
        self.refuse_in_listener("fetch")
        refuse_too_large(said, self._namespace, self._max_payload_bytes)
        try:
            return self._sio.call(said.event, said.message, namespace=self._namespace, timeout=FETCH_TIMEOUT_S)
        except socketio.exceptions.TimeoutError:
            raise TimeoutError(f"no answer to {said.event} within {FETCH_TIMEOUT_S} s") from None

    def refuse_in_listener(self, what: str) -> None:
        """Raise RuntimeError in a listener: nothing arrives before it returns."""
        if self._line.is_here:
            raise RuntimeError(
                f"{what} in a listener would wait for ever: nothing arrives before the listener returns; "
                "hand over to another thread"
            )

    # ---- the shell: the line is a thread -----------------------------------------------------------------------------

    def _check_codecs(self) -> None:
        for codec in self._codecs:
            if codec not in TEXT_CODECS:
                raise ValueError(
                    f"SyncClient cannot take {codec!r}: python-socketio's threaded client joins bytes to the wrong "
                    'event when two arrive at once; leave codecs=("json",), or use AsyncSyncClient'
                )

    def _new_sio(self) -> socketio.Client:
        # The application's Ctrl-C stays the application's.
        return socketio.Client(reconnection=False, handle_sigint=False)

    def _new_channel(self, name: str, subscription: Subscription) -> SyncWatchedChannel:
        return SyncWatchedChannel(name, self, subscription)

    def _watch_events(self) -> None:
        # As on asyncio: handlers are the application's, and the dispatcher has no public hook.
        dispatch, handle = self._sio._trigger_event, self._sio._handle_event

        def watch(event: str, namespace: str, *arguments: Any) -> Any:
            if event == "disconnect":
                self._close_lost_socket(arguments)
            if namespace == self._namespace and self._notice(event, arguments):
                return None
            if self._line.is_here:  # the application's handlers may wait for what comes next
                return self._sio.start_background_task(dispatch, event, namespace, *arguments)
            return dispatch(event, namespace, *arguments)

        def handle_beside(namespace: str | None, id: int | None, data: Any) -> None:
            if (namespace or "/") == self._namespace and self._notice(data[0], tuple(data[1:])):
                return
            self._sio.start_background_task(handle, namespace, id, data)

        self._sio._trigger_event, self._sio._handle_event = watch, handle_beside

    def _close_lost_socket(self, arguments: tuple[Any, ...]) -> None:
        """Close what python-engineio forgets, where the other end cut the connection."""
        if arguments[:1] == (self._sio.reason.TRANSPORT_ERROR,) and self._sio.eio.ws is not None:
            self._sio.eio.ws.shutdown()

    def _put_messages_in_line(self) -> None:
        eio = self._sio.eio
        start = eio.start_background_task

        def start_in_line(target: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
            if target == eio.handlers.get("message"):
                self._line.add(functools.partial(target, *arguments, **options))
                return None
            return start(target, *arguments, **options)

        eio.start_background_task = start_in_line

    def _in_line(self, step: Callable[..., None], *arguments: Any) -> None:
        if self._line.is_here:
            step(*arguments)
        else:
            self._line.add(functools.partial(step, *arguments))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        thread = threading.Thread(target=self._work_beside, args=(work,), name="realtime_sync client", daemon=True)
        self._beside.add(thread)
        thread.start()

    def _work_beside(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            run_now(work)
        finally:
            self._beside.discard(threading.current_thread())

    def _set_alarm(self, at: float | None) -> None:
        self._line.set_alarm(at)

    def _transmit(self, said: Outgoing) -> None:
        with contextlib.suppress(socketio.exceptions.BadNamespaceError):  # disconnected meanwhile: said again then
            self._sio.emit(said.event, said.message, namespace=self._namespace)

    def _take_result(self, result: Any) -> None:
        pass

    async def _pause(self, seconds: float) -> None:
        self._closing.wait(seconds)

    async def _dial(self) -> None:
        for library in ("requests", "websocket"):
            if importlib.util.find_spec(library) is None:
                raise MissingExtra({"websocket": "websocket-client"}.get(library, library), "client")
        self._sio.connect(self._url, **self._connect_options)

    async def _hang_up(self) -> None:
        self._disconnect()

    async def _post(self, body: bytes) -> bytes:
        from realtime_sync.client.sync_poster import SyncPoster  # requests may be missing until one connects

        assert self._poll_url is not None, "who polls knows where"
        return SyncPoster(self._poll_url, self._connect_options["headers"], self._max_reply_bytes).post(body)

    def _disconnect(self) -> None:
        """Leave after what was said before, and see that the server knows.

        A writer of python-engineio that is busy when its client leaves stops before it has said good-bye. With long
        polling the server then lets the reader's last question, for which `disconnect` waits, wait until its next ping.
        """
        eio = self._sio.eio
        wait_until_all_is_said(eio)
        reader, address = eio.read_loop_task, eio.base_url
        is_polling = eio.state == "connected" and eio.current_transport == "polling"
        eio.disconnect(abort=is_polling)
        if is_polling:
            good_bye = Payload(packets=[Packet(CLOSE)]).encode()
            eio._send_request("POST", address, body=good_bye, headers={"Content-Type": "text/plain"}, timeout=END_S)
            eio.queue.put(None)  # `disconnect` has cleared the queue: perhaps of what a writer that waits ends at
            reader.join(END_S)
