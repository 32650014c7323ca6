"""The application: it changes a channel by every means there is, and remembers itself what it said."""

import copy
import json
import random
from contextlib import ExitStack, suppress
from typing import Any

from realtime_sync.broadcast.async_channel import AsyncChannel
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.document.draft import Draft
from realtime_sync.errors import EditConflict, QueueFull
from realtime_sync.replication.primary import LooseEvents, Primary
from tests.simulation.changes import Change, Document, draw_change, draw_settings, new_document
from tests.simulation.server import Server
from tests.simulation.truth import Truth


class OpenEdit:
    """An edit that stays open while others write."""

    def __init__(self, channel: AsyncChannel, changes: list[Change]) -> None:
        self._block = ExitStack()
        self.draft: Draft = self._block.enter_context(channel.edit())
        self.changes = changes
        for change in changes:
            change.apply(self.draft)

    def close(self) -> None:
        """End the block.

        Raises:
            EditConflict: Another writer came between.
        """
        self._block.close()

    def abandon(self) -> None:
        """End the block by an error of the application."""
        with suppress(InterruptedError), self._block:
            raise InterruptedError


class Author:
    """Whoever writes one channel.

    Args:
        lossless: Share of events that are to be lossless.

    Attributes:
        name: The channel's name.
        document: What it holds, by the application's own account; None before the first publication.
        captures: Changes made so far, over all lives.
        emitted: Events emitted so far, over all lives.
    """

    def __init__(self, name: str, server: Server, truth: Truth, draw: random.Random, lossless: float) -> None:
        self.name = name
        self._server, self._truth, self._draw = server, truth, draw
        self.document: Document | None = None
        self.captures = 0
        self.emitted = 0
        self._lossless = lossless
        self._receipts: dict[int, Receipt] = {}  # of lossless events that are not kept yet, by number
        self._kept: list[int] = []  # numbers of lossless events of which the library said that the log has them
        self._observed: Primary | None = None
        self._open: OpenEdit | None = None

    @property
    def channel(self) -> AsyncChannel:
        """The channel of this life of the server; its cuts are recorded from the first time it is asked for."""
        channel = self._server.hub.channel(self.name)
        if channel.primary is not self._observed:
            self._observed = channel.primary
            self._record_cuts(channel.primary)
        return channel

    def _record_cuts(self, primary: Primary) -> None:
        take, under_way = primary.take, None

        def recording_take() -> Any:
            nonlocal under_way
            frame = take()
            if frame is not under_way and isinstance(frame, LooseEvents):
                self._truth.record_events(self.name, primary.position.epoch, frame.events)
            elif frame is not under_way and frame is not None:
                self._truth.record(self.name, frame, self.document, self.captures)
            under_way = frame
            return frame

        primary.take = recording_take  # type: ignore[method-assign]

    # ---- one step ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Do something, or nothing."""
        if self.document is None:
            if self._draw.random() < 0.2:
                self.publish(new_document(self.name))
            elif self._draw.random() < 0.1:
                self.emit()
            return
        work = self._draw.choices(
            (self.write, self.stream, self.edit, self.update, self.replace, self.part, self.emit, self.leave_open),
            (2, 6, 4, 1, 1, 1, 4, 1),
        )[0]
        work()

    def publish(self, document: Document) -> None:
        """Publish a document of the application's own, which it goes on to change."""
        self.document = document
        self.captures += 1
        self.channel.publish(document)
        self.document = copy.deepcopy(document)
        document["nodes"]["later"] = "what the application does to its value afterwards is not published"

    def write(self) -> None:
        document = copy.deepcopy(self.document)
        assert document is not None, "it was published"
        for change in self._changes():
            change.apply(document)
        self.publish(document)

    def stream(self) -> None:
        """Append to a text, as a model's tokens come."""
        assert self.document is not None, "it was published"
        if not self.document["nodes"]:
            return self.edit()
        node = self._draw.choice(sorted(self.document["nodes"]))
        if len(self.document["nodes"][node]["text"]) > 400:
            return self._edit([Change("rewrite", node, "")])
        for _ in range(self._draw.choice((1, 3))):
            self.document["nodes"][node]["text"] += "token "
            self.captures += 1
            self.channel.append_text(f"/nodes/{node}/text", "token ")

    def edit(self) -> None:
        self._edit(self._changes())

    def _edit(self, changes: list[Change]) -> None:
        with self.channel.edit() as draft:
            for change in changes:
                change.apply(draft)
        self._did(changes)

    def update(self) -> None:
        changes = self._changes()

        def all_of_them(draft: Draft) -> None:
            for change in changes:
                change.apply(draft)

        self.channel.update(all_of_them)
        self._did(changes)

    def replace(self) -> None:
        """Begin anew with a document that has little in common with the one before."""
        self.publish(new_document(self.name))

    def part(self) -> None:
        """Publish a part."""
        changes = [change for change in self._changes() if change.kind not in ("remove", "reorder", "count")]
        document = copy.deepcopy(self.document)
        assert document is not None, "it was published"
        for change in changes:
            change.apply(document)
        for part in ("nodes", "order"):
            self.channel.publish(document[part], at=f"/{part}")
        self.captures += 2
        self.document = document

    def emit(self) -> None:
        for _ in range(self._draw.choice((1, 1, 2, 6))):
            self.emitted += 1
            lossless = self._draw.random() < self._lossless
            with suppress(QueueFull):  # it was not emitted, and nothing was promised
                receipt = self.channel.emit(
                    "task_update",
                    {"number": self.emitted, "captures": self.captures, "lossless": lossless},
                    priority=self._draw.choice((0, 0, 1)),
                    lossless=lossless,
                    force_immediate=self._draw.random() < 0.2,
                )
                if receipt is not None:
                    self._receipts[self.emitted] = receipt

    def leave_open(self) -> None:
        """Open an edit and let others come between; or end the one that is open."""
        if self._open is None:
            self._open = OpenEdit(self.channel, draw_settings(self._draw))
            return
        edit, self._open = self._open, None
        if self._draw.random() < 0.2:
            return edit.abandon()
        try:
            edit.close()
        except EditConflict:
            return
        self._did(edit.changes)

    def _changes(self) -> list[Change]:
        return [draw_change(self._draw) for _ in range(self._draw.choice((1, 1, 2, 4)))]

    def _did(self, changes: list[Change]) -> None:
        for change in changes:
            change.apply(self.document)
        self.captures += 1

    # ---- the server's lives ----------------------------------------------------------------------------------------

    def begin_again(self) -> None:
        """The server was restarted, or the channel ended: go on where the log ends, or without a document."""
        if self._open is not None:
            self._open.abandon()
            self._open = None
        self._receipts.clear()  # what is not kept by now never will be
        remembered, channel = self.document, self.channel
        if channel.position.offset == 0:
            self.document = None
            if remembered is not None and self._draw.random() < 0.5:
                self.publish(remembered)
            return
        self.document = json.loads(self._truth.at(self.name, channel.position).document)
        assert channel.document == self.document, "the log brought back another document"
        if remembered is not None and self._draw.random() < 0.3:
            self.publish(remembered)  # the application's own memory survived

    # ---- lossless events -------------------------------------------------------------------------------------------

    def check_receipts(self) -> None:
        """What the library says to be kept has the number that it says."""
        for number, receipt in list(self._receipts.items()):
            if receipt.serial is not None:
                _, serial = self._truth.place_of(self.name, number)
                assert serial == receipt.serial, f"{self.name}: {receipt} for lossless event {serial}"
                self._kept.append(number)
                del self._receipts[number]

    def check_kept(self) -> None:
        """Nothing waits any more, and the log has lost none of those that it had."""
        assert not self._receipts, f"{self.name}: {self._receipts} wait for ever"
        for number in self._kept:
            self._truth.place_of(self.name, number)

    def tick(self) -> None:
        """Emit a last event, so that whoever missed the last frame sees the gap."""
        if self.document is not None:
            self.emit()
