"""The capturing half of a channel, the same on every shell: from any thread, without waiting for the network."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from realtime_sync.broadcast.overflow import Overflow
from realtime_sync.broadcast.primitives import Event
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.document.draft import Draft
from realtime_sync.document.view import read_only
from realtime_sync.errors import ChannelClosed, EditConflict, QueueFull, ReentrantCapture
from realtime_sync.position import Position
from realtime_sync.replication.primary import EditBase, LooseEvents, Primary
from realtime_sync.wire.frames import Delta, Keyframe

UPDATE_ATTEMPTS = 100
"""Repetitions of `update`; two writers that meet a hundred times in a row would rather hear of it."""


LOSSLESS_EVENTS = frozenset({"hitl_request", "error_notification"})
"""Lossless unless `emit` is told otherwise: a question that nobody sees holds up a run, and of an error nobody hears
twice."""


class Channel:
    """A named live document: what is captured here stands at every subscriber a moment later.

    Made by `hub.channel(name)`. Every method but those of the shell is legal from any thread, event loop or greenlet,
    never touches the network, and leaves the caller free to change what it passed.

        project = hub.channel("project_42", initial={"all_nodes": {}, "graphs": {}})
        project.publish(graph.to_dict())
        with project.edit() as doc:
            doc["all_nodes"]["n7"]["status"] = "DONE"
        project.emit("task_update", {"task_id": "n7", "status": "completed"})

    Attributes:
        name: Its name, and the name of the room of its plain clients.
    """

    def __init__(
        self,
        name: str,
        primary: Primary,
        *,
        overflow: Overflow = Overflow.DROP,
        new_event: Callable[[], Event] = threading.Event,
    ) -> None:
        self.name = name
        self._closed: str | None = None
        self._overflow, self._new_event = overflow, new_event
        self._begin(primary)

    def _begin(self, primary: Primary) -> None:
        self.primary = primary
        self.subscribers: dict[str, str] = {}  # session id -> codec
        self.lock = threading.RLock()  # held for captures and cuts, never while anything is sent
        self._capturing = False
        self._awake = False  # whether the shell knows that something is pending
        self._receipts: deque[Receipt] = deque()  # of the lossless events that are not kept yet, in order
        self._without_room: list[Event] = []  # of threads that wait for it

    # ---- reading -------------------------------------------------------------------------------------------------

    @property
    def document(self) -> Any:
        """A read-only view of the newest document, pending changes included.

        It shows this moment for ever; `realtime_sync.normalize(view)` makes a copy to change.

        Raises:
            NoDocument: Nothing was published yet.
        """
        return read_only(self.primary.document)

    @property
    def position(self) -> Position:
        """Where the log ends: what was captured since the last flush is not in it."""
        return self.primary.position

    @property
    def subscriber_count(self) -> int:
        """How many clients watch this channel."""
        return len(self.subscribers)

    @property
    def is_pending(self) -> bool:
        """Whether something waits to be flushed."""
        return self.primary.is_pending

    # ---- capturing -----------------------------------------------------------------------------------------------

    def publish(self, value: Any, at: str = "") -> None:
        """Make `value` the document, or the part of it at JSON Pointer `at`; only what changed will travel.

        Last writer wins.

        Raises:
            InvalidValue: It is no JSON; the error names the path and the remedy, and nothing was captured.
            PathNotFound: The parent of `at` does not exist.
            NoDocument: `at` is a part of a document that does not exist yet.
            ChannelClosed: The channel was closed.
        """
        with self._capture() as primary:
            primary.publish(value, at)

    @contextmanager
    def edit(self) -> Iterator[Draft]:
        """Record edits in a `with` block; they are captured as one when it ends.

        The cost follows the change, plus a shallow copy of each object and list on the way to it.

        No lock is held inside the block. An exception inside it captures nothing.

        Raises:
            EditConflict: Another writer changed meanwhile what this block changed; nothing was captured.
            NoDocument: Nothing was published yet.
            ChannelClosed: The channel was closed.
        """
        with self.lock:
            self.check_open()
            base = self.primary.begin_edit()
        try:
            with self.primary.draft(base) as draft:
                yield draft
        except BaseException:
            with self.lock:
                self.primary.abandon_edit(base)
            raise
        self._commit(base, draft)

    def _commit(self, base: EditBase, draft: Draft) -> None:
        try:
            with self._capture() as primary:
                primary.commit_edit(base, draft.patch)
        except ChannelClosed:
            with self.lock:
                self.primary.abandon_edit(base)
            raise

    def update(self, fn: Callable[[Draft], Any]) -> None:
        """Call `fn(draft)` inside an edit, again and again until no other writer came between.

        Raises:
            EditConflict: It met other writers 100 times in a row.
        """
        for _ in range(UPDATE_ATTEMPTS - 1):
            try:
                with self.edit() as draft:
                    fn(draft)
                return
            except EditConflict:
                continue
        with self.edit() as draft:
            fn(draft)

    def append_text(self, pointer: str, text: str) -> None:
        """Append `text` to the string at JSON Pointer `pointer`, in O(len(text)).

        Raises:
            PathNotFound: There is nothing at `pointer`.
            InvalidPatch: What is there is no string.
            NoDocument: Nothing was published yet.
            ChannelClosed: The channel was closed.
        """
        with self._capture() as primary:
            primary.append_text(pointer, text)

    def emit(
        self,
        event: str,
        data: Any,
        *,
        priority: int = 0,
        key: str | None = None,
        lossless: bool | None = None,
        force_immediate: bool = False,
    ) -> Receipt | None:
        """Send an event to all subscribers, after the changes captured before it.

        Before the first document only plain clients in the room of the channel's name get it; subscribers that wait
        then get the lossless ones with the first document.

        Args:
            event: Its name; names beginning `sync:` are refused.
            data: Any JSON value; copied.
            priority: Events of a higher one survive longer when the queue overflows; the order never changes.
            key: A later event of the same key replaces this one while both wait for a frame.
            lossless: Give it to each subscriber exactly once, one that is away for a while included, or report to it
                that it was lost; at most `max_queue_size` wait for a frame. None: so are `hitl_request` and
                `error_notification` without a `key`, and no others.
            force_immediate: Do not wait for the window to end.

        Returns:
            Of a lossless event a receipt, which says when the promise begins; else None.

        Raises:
            InvalidName: The name is reserved.
            InvalidValue: `data` is no JSON.
            QueueFull: There is no room for a lossless event, or for any where `overflow` says so.
            ValueError: It has a key, and is to be lossless: what replaces another loses it.
            ChannelClosed: The channel was closed.
        """
        if lossless is None:
            lossless = key is None and event in LOSSLESS_EVENTS
        elif lossless and key is not None:
            raise ValueError("a lossless event has no key: what replaces another loses it")
        while True:
            receipt = room = None
            with self.lock:  # what `_capture` does, without its generator, which takes as long as queueing an event
                self._begin_capture()
                try:
                    if self._overflow is not Overflow.DROP:
                        room = self._room_to_wait_for(key)
                    if room is None:
                        self.primary.emit(event, data, priority=priority, key=key, lossless=lossless)
                        receipt = self._expect_receipt() if lossless else None
                finally:
                    self._capturing = False
                asleep = self._wakes_shell()
            if asleep or force_immediate:
                self.wake(force_immediate)
            if room is None:
                return receipt
            room.wait()

    def _expect_receipt(self) -> Receipt:
        receipt = Receipt(self._new_event)
        self._receipts.append(receipt)
        return receipt

    def _room_to_wait_for(self, key: str | None) -> Event | None:
        """Return what happens when there is room for an event; None when there is."""
        if self.primary.has_room(key):
            return None
        if self._overflow is Overflow.RAISE or not self.may_block():
            raise QueueFull(self.primary.max_queue_size)
        room = self._new_event()
        self._without_room.append(room)
        return room

    def initialize(self, document: Any) -> None:
        """Take the document to start with, unless there is one.

        Raises:
            InvalidValue: It is no JSON.
            ChannelClosed: The channel was closed.
        """
        with self._capture() as primary:
            primary.initialize(document)

    # ---- for the shell -------------------------------------------------------------------------------------------

    def take_frame(self) -> Keyframe | Delta | LooseEvents | None:
        """Cut a frame, as `Primary.take` does: there is room for events again."""
        with self.lock:
            frame = self.primary.take()
            self._let_emit()
            return frame

    def commit_frame(self, frame: Keyframe | Delta | LooseEvents, now: float) -> None:
        """The log has `frame`, which was taken: its lossless events are kept."""
        with self.lock:
            self.primary.commit(now)
            for event in frame.events:
                if event.serial is not None and self._receipts:
                    self._receipts.popleft().keep(event.serial)

    def fail_receipts(self) -> None:
        """What is not kept by now will not be."""
        with self.lock:
            while self._receipts:
                self._receipts.popleft().fail(ChannelClosed(self.name, self._closed or "it ended"))

    def may_block(self) -> bool:
        """Whether this thread may block until somebody flushes the channel, and somebody will."""
        return False

    def _let_emit(self) -> None:
        for room in self._without_room:
            room.set()
        self._without_room.clear()

    def wake(self, urgent: bool) -> None:
        """Something is pending and nobody was told yet, or it is urgent: see that a flush comes. From any thread."""
        raise NotImplementedError

    def check_open(self) -> None:
        """Raise ChannelClosed when the channel was closed."""
        if self._closed is not None:
            raise ChannelClosed(self.name, self._closed)

    def refuse_captures(self, reason: str) -> None:
        """From now on every capture raises ChannelClosed; the first reason stays."""
        with self.lock:
            if self._closed is None:
                self._closed = reason
            self._let_emit()

    def accept_captures(self) -> None:
        """Take captures again."""
        with self.lock:
            self._closed = None

    @contextmanager
    def _capture(self) -> Iterator[Primary]:
        with self.lock:
            self._begin_capture()
            try:
                yield self.primary
            finally:
                self._capturing = False
            asleep = self._wakes_shell()
        if asleep:
            self.wake(urgent=False)

    def _begin_capture(self) -> None:
        self.check_open()
        if self._capturing:
            raise ReentrantCapture(self.name)
        self._capturing = True

    def _wakes_shell(self) -> bool:
        """Return whether the shell sleeps and has to be woken, once for all that waits.

        Under the lock: a shell that is about to sleep either sees a capture or is woken by it.
        """
        if self._awake or not self.primary.is_pending:
            return False
        self._awake = True
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.position}, {self.subscriber_count} subscribers>"
