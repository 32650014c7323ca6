"""The same server with a client over a real socket in the place of a browser."""

import asyncio
from pathlib import Path
from typing import Any

import attrs
import orjson

from examples.agent_server.document import RunState
from examples.agent_server.plain_text import byte_size, counted
from examples.agent_server.questions import Action
from examples.agent_server.run import RunOptions
from examples.agent_server.server import SOCKET_PATH, AgentServer
from examples.agent_server.serving import listen, url_of, web_server
from realtime_sync.client import AsyncSyncClient, WatchedChannel

CATCH_UP_S = 10.0
"""What the last frame may take to reach the client; it takes milliseconds."""

_ENDED = {RunState.DONE.value, RunState.ABORTED.value}


@attrs.frozen(kw_only=True)
class Figures:
    """What a run cost to show to one subscriber.

    Attributes:
        nodes: In the graph at the end.
        updates: Edits of the document; each is what a server that sends snapshots would send one for.
        bytes_sent: Payload that left through the server's sockets: all frames, the first keyframe included, events,
            acknowledgements, heartbeats.
        bytes_if_whole: The sizes of the whole document as compact JSON, one for each update, added up.
        frames: Of the channel.
        resyncs: Times that the client lost the thread.
        converged: Whether both ends hold the same document at the end, compared as JSON.
    """

    nodes: int
    updates: int
    bytes_sent: int
    bytes_if_whole: int
    frames: int
    resyncs: int
    converged: bool

    def to_json(self) -> dict[str, int]:
        """Return them for printing."""
        return attrs.asdict(self)

    def in_words(self) -> str:
        """Return them for people."""
        times = self.bytes_if_whole / self.bytes_sent
        end = "Both ends hold the same document." if self.converged else "The ends hold DIFFERENT documents."
        return (
            f"{counted(self.nodes, 'node')}, {counted(self.updates, 'update')} in {counted(self.frames, 'frame')}, "
            f"{counted(self.resyncs, 'resync')}.\n"
            f"{byte_size(self.bytes_sent)} sent; a whole snapshot at every update would have been "
            f"{byte_size(self.bytes_if_whole)}, {times:,.0f} times as much.\n{end}"
        )


async def run_headless(
    folder: Path, options: RunOptions, *, codecs: tuple[str, ...] | None = None, timeout_s: float = 600.0
) -> Figures:
    """Serve `folder` on a free port, watch the run over a real socket, approve every question, and return the figures.

    Raises:
        TimeoutError: The run did not end within `timeout_s` seconds.
        SubscriptionRefused: The server did not let the client watch.
    """
    server = AgentServer(folder, options)
    listening = listen("127.0.0.1", 0)
    web = web_server(server.app)
    serving = asyncio.create_task(web.serve(sockets=[listening]))
    watching = asyncio.create_task(_watch(server, url_of(listening), codecs))
    try:
        # The server ends first when it could not start, or when somebody interrupts it.
        await asyncio.wait([serving, watching], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            return watching.result()
        if serving.done():
            raise RuntimeError("the server ended before the run did")
        raise TimeoutError(f"the run did not end within {timeout_s:g} seconds")
    finally:
        watching.cancel()
        web.should_exit = True
        await asyncio.wait([serving, watching])


async def _watch(server: AgentServer, url: str, codecs: tuple[str, ...] | None) -> Figures:
    preference: dict[str, Any] = {} if codecs is None else {"codecs": codecs}
    async with AsyncSyncClient(url, transports=["websocket"], socketio_path=SOCKET_PATH, **preference) as client:
        channel = client.channel(server.session.channel.name)
        approver = Approver(client, channel)
        channel.subscribe(approver.approve_open_questions)
        await channel.ready()
        await channel.wait_for(lambda: channel.document["run"]["state"] in _ENDED)
        converged = await _converged(server, channel)
        return Figures(
            nodes=len(channel.document["all_nodes"]),
            updates=server.session.graph.updates,
            bytes_sent=server.meter.bytes_sent,
            bytes_if_whole=server.session.bytes_if_whole,
            frames=server.session.channel.position.offset,
            resyncs=channel.resyncs,
            converged=converged,
        )


async def _converged(server: AgentServer, replica: WatchedChannel) -> bool:
    """Whether both ends hold the same document once everything sent has arrived."""
    origin = server.session.channel
    await server.hub.flush_all()
    try:
        async with asyncio.timeout(CATCH_UP_S):
            await replica.wait_for(lambda: replica.position == origin.position)
    except TimeoutError:
        return False
    return _as_json(replica.document) == _as_json(origin.document)


def _as_json(view: Any) -> bytes:
    return orjson.dumps(view.copy(), option=orjson.OPT_SORT_KEYS)


class Approver:
    """Answers every question that shows up in the document with `approve`, once."""

    def __init__(self, client: AsyncSyncClient, channel: WatchedChannel) -> None:
        self._client = client
        self._channel = channel
        self._answered: set[str] = set()

    async def approve_open_questions(self) -> None:
        """Answer what is open and was not answered here."""
        if self._channel.position is None:
            return
        for request_id, question in self._channel.document["questions"].items():
            if question["answer"] is None and request_id not in self._answered:
                self._answered.add(request_id)
                answer = {"request_id": request_id, "action": Action.APPROVE.value}
                await self._client.sio.call("hitl_response", answer)
