"""One folder on one channel: its runs, one at a time, and the figures of what they cost to show."""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from examples.agent_server.document import empty_document
from examples.agent_server.plain_text import readable_name
from examples.agent_server.questions import Questions, Reply
from examples.agent_server.run import InspectionRun, RunOptions
from examples.agent_server.task_graph import TaskGraph
from realtime_sync import AsyncBroadcaster

LOOK_EVERY_S = 0.2
"""How often the figures are looked at, and whether somebody came to watch."""

logger = logging.getLogger(__name__)


class Session:
    """What the server shows: a folder, the run over it, and the figures.

    The first run starts when the first subscriber is there to see it.

    Args:
        hub: Makes the channels.
        folder: Absolute, and no link.
        options: Of every run.
        bytes_sent: Tells what left through the sockets so far.

    Attributes:
        channel: Carries the document; see `document.py`.
        metrics_channel: Carries the figures. Shape: `{"updates", "bytes_sent", "bytes_if_whole", "frames",
            "keyframes", "resyncs", "subscribers"}`, all integers.
        bytes_if_whole: What it would have cost to send the whole document as compact JSON to every subscriber at
            every update.
    """

    def __init__(
        self, hub: AsyncBroadcaster, folder: Path, options: RunOptions, *, bytes_sent: Callable[[], int]
    ) -> None:
        self.folder = folder
        self.folder_name = readable_name(folder.name) or str(folder)
        project_id = slug(self.folder_name)
        goal = f"Inspect the folder {self.folder_name}"
        self.channel = hub.channel(f"project_{project_id}", initial=empty_document(project_id=project_id, goal=goal))
        self.metrics_channel = hub.channel(f"{self.channel.name}/metrics")
        self.graph = TaskGraph(self.channel, project_id=project_id, goal=goal, on_update=self._count_whole)
        self.bytes_if_whole = 0
        self._hub = hub
        self._options = options
        self._bytes_sent = bytes_sent
        self._questions = Questions(self.graph)
        self._run: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._looked_at: dict[str, int] = {}
        self._changed_before = False
        self.refresh_figures()

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self._run is not None and not self._run.done()

    def start(self) -> Reply:
        """Start a run, unless one is under way."""
        if self.is_running:
            return Reply(False, "a run is under way")
        run = InspectionRun(self.folder, self.graph, self._questions, self._options)
        self._run = self._in_background(run.run())
        return Reply(True, "started")

    def answer(self, payload: object, *, by: str) -> Reply:
        """Take somebody's answer to a question."""
        return self._questions.answer(payload, by=by)

    def open(self) -> None:
        """Keep the figures fresh from now on, and start the first run when somebody watches."""
        self._watching = self._in_background(self._watch())

    async def close(self) -> None:
        """Stop the run, if one is under way, and everything else."""
        tasks = [task for task in (self._watching, self._run) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _watch(self) -> None:
        while True:
            if self._run is None and self.channel.subscriber_count:
                self.start()
            self.refresh_figures()
            await asyncio.sleep(LOOK_EVERY_S)

    def figures(self) -> dict[str, int]:
        """Return the figures of this moment."""
        stats = self._hub.get_stats()
        return {
            "updates": self.graph.updates,
            "bytes_sent": self._bytes_sent(),
            "bytes_if_whole": self.bytes_if_whole,
            "frames": self.channel.position.offset,
            "keyframes": stats.keyframes_sent,
            "resyncs": stats.total_resyncs,
            "subscribers": self.channel.subscriber_count,
        }

    def refresh_figures(self) -> None:
        """Publish the figures if they tell of anything but their own publication."""
        figures = self.figures()
        # The figures travel through the same sockets: were `bytes_sent` alone a reason, they would never come to rest.
        # One look later they are published once more, with what the last frames cost.
        changed = self._without_bytes(figures) != self._without_bytes(self._looked_at)
        if changed or self._changed_before:
            self.metrics_channel.publish(figures)
        self._looked_at, self._changed_before = figures, changed

    @staticmethod
    def _without_bytes(figures: dict[str, int]) -> dict[str, int]:
        return {name: value for name, value in figures.items() if name != "bytes_sent"}

    def _count_whole(self, size_bytes: int) -> None:
        self.bytes_if_whole += size_bytes * self.channel.subscriber_count

    def _in_background(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._report_failure)
        return task

    def _report_failure(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("the session failed", exc_info=error)
            context = {"project_id": self.graph.project_id}
            self.graph.notify("error", f"The server failed: {type(error).__name__}", context)


def slug(name: str) -> str:
    """Return `name` as an id: lower-case ASCII letters and digits, joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "folder"
