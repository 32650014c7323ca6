"""The server on a real port, with real clients: what they load, what they may say, and what they then see."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from examples.agent_server.run import RunOptions
from realtime_sync.client import AsyncSyncClient, Status, WatchedChannel
from tests.examples.conftest import Running, Serve

HURRIED = RunOptions(ask_above=2, question_timeout_s=60)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "My Tree"
    folder.mkdir()
    for name in ("a.txt", "b.py", "c.md"):
        (folder / name).write_text("# text\n")
    return folder


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ten looks at the figures, or for somebody who watches, take a tenth of a second."""
    monkeypatch.setattr("examples.agent_server.session.LOOK_EVERY_S", 0.01)


async def load(url: str) -> tuple[str, Any, bytes]:
    """Return content type, headers and body of what is at `url`."""

    def get() -> tuple[str, Any, bytes]:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.headers.get_content_type(), response.headers, response.read()

    return await asyncio.to_thread(get)


def client_of(running: Running) -> AsyncSyncClient:
    return AsyncSyncClient(running.url, transports=["websocket"], codecs=["json"])


async def open_question(channel: WatchedChannel) -> str:
    """Return the id of the question that waits, as soon as there is one."""
    await channel.ready()
    await channel.wait_for(lambda: channel.document["run"]["state"] == "waiting_for_human")
    return next(str(key) for key, question in channel.document["questions"].items() if question["answer"] is None)


def _remember(told: list[tuple[str, Any]], event: str, data: Any) -> None:
    told.append((event, data))


async def ended(channel: WatchedChannel) -> str:
    await channel.wait_for(lambda: channel.document["run"]["state"] in {"done", "aborted"})
    return str(channel.document["run"]["state"])


async def test_the_page_finds_everything_that_it_needs(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running:
        kind, _, body = await load(f"{running.url}config.json")
        assert kind == "application/json"
        assert json.loads(body) == {
            "channel": "project_my_tree",
            "metrics_channel": "project_my_tree/metrics",
            "folder": "My Tree",
            "socket_path": "/socket.io",
        }
        assert (await load(running.url))[0] == "text/html"
        assert (await load(f"{running.url}client/index.js"))[0] == "text/javascript"
        assert (await load(f"{running.url}static/favicon.svg"))[0] == "image/svg+xml"
        assert (await load(f"{running.url}favicon.ico"))[0] == "image/svg+xml"


async def test_nothing_runs_before_somebody_watches(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running:
        await asyncio.sleep(0.1)  # time for ten looks
        assert not running.server.session.is_running
        async with client_of(running) as client:
            await open_question(client.channel("project_my_tree"))
            assert running.server.session.is_running


async def test_a_viewer_answers_and_the_server_holds_the_same_document(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running, client_of(running) as client:
        channel = client.channel("project_my_tree")
        told: list[tuple[str, Any]] = []
        for event in ("project_started", "hitl_request", "task_update"):
            channel.on(event, partial(_remember, told, event))
        request_id = await open_question(channel)
        nonsense = await client.sio.call("hitl_response", {"request_id": request_id, "action": "yes"})
        assert nonsense == {"ok": False, "message": "the action must be one of approve, modify, abort"}
        assert not (await client.sio.call("hitl_response"))["ok"]
        taken = await client.sio.call("hitl_response", {"request_id": request_id, "action": "modify", "limit": 2})
        assert taken["ok"]
        late = await client.sio.call("hitl_response", {"request_id": request_id, "action": "abort"})
        assert late == {"ok": False, "message": "already answered: modify by viewer 1"}
        assert await ended(channel) == "done"
        await running.server.hub.flush_all()
        await channel.wait_for(lambda: channel.position == running.server.session.channel.position)
        _, headers, body = await load(f"{running.url}document.json")
        assert json.loads(body) == channel.document.copy()
        assert headers["X-Position"] == str(channel.position)
        assert len(channel.document["all_nodes"]) == 3
        names = [name for name, _ in told]
        assert {"hitl_request", "task_update"} <= set(names)


async def test_a_run_can_be_started_again_and_starts_over(serve: Serve, tree: Path) -> None:
    options = RunOptions(ask_above=99)
    async with serve(tree, options) as running, client_of(running) as client:
        channel = client.channel("project_my_tree")
        await channel.ready()
        assert await ended(channel) == "done"
        first = channel.document["run"]["started_at"]
        assert await client.sio.call("start_run") == {"ok": True, "message": "started"}
        await channel.wait_for(lambda: channel.document["run"]["started_at"] != first)
        assert await ended(channel) == "done"
        assert len(channel.document["all_nodes"]) == 4
        assert channel.resyncs == 0


async def test_one_run_at_a_time(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running, client_of(running) as client:
        await open_question(client.channel("project_my_tree"))
        assert await client.sio.call("start_run") == {"ok": False, "message": "a run is under way"}
        ready = await client.sio.call("check_readiness", {"anything": 1})
        assert ready["ready"] is True
        assert ready["channels"] >= 2


async def test_the_figures_come_to_rest_when_the_run_does(serve: Serve, tree: Path) -> None:
    async with serve(tree, RunOptions()) as running, client_of(running) as client:
        channel = client.channel("project_my_tree")
        metrics = client.channel("project_my_tree/metrics")
        await channel.ready()
        await metrics.ready()
        assert await ended(channel) == "done"
        session = running.server.session
        await metrics.wait_for(lambda: metrics.document["updates"] == session.graph.updates)
        await asyncio.sleep(0.2)
        shown, position = metrics.document.copy(), metrics.position
        await asyncio.sleep(0.2)
        assert metrics.position == position
        assert shown["subscribers"] == 1
        assert shown["frames"] == session.channel.position.offset
        assert 0 < shown["bytes_sent"] <= running.server.meter.bytes_sent
        assert shown["bytes_if_whole"] == session.bytes_if_whole > 0


@asynccontextmanager
async def counted_relay(port: int) -> AsyncIterator[tuple[str, list[int]]]:
    """Yield the address of a relay to `port`, and the sizes of what came back through it."""
    sizes: list[int] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: list[int] | None) -> None:
        while received := await reader.read(65_536):
            if count is not None:
                count.append(len(received))
            writer.write(received)
            await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, there_writer, None), pump(there_reader, writer, sizes))

    async with await asyncio.start_server(join, "127.0.0.1", 0) as relay:
        yield f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}/", sizes


@pytest.mark.parametrize("codec", ["json", "msgpack+zstd"])
async def test_the_meter_counts_what_really_crosses_the_wire(
    serve: Serve, standard_library: Callable[..., Path], codec: str
) -> None:
    async with serve(standard_library("json"), RunOptions()) as running:
        port = int(running.url.rsplit(":", 1)[1].strip("/"))
        async with (
            counted_relay(port) as (url, sizes),
            AsyncSyncClient(url, transports=["websocket"], codecs=[codec]) as client,
        ):
            channel = client.channel(running.server.session.channel.name)
            await channel.ready()
            assert await ended(channel) == "done"
            await client.sio.call("check_readiness")  # its answer comes after everything else that was sent
            crossed, counted = sum(sizes), running.server.meter.bytes_sent
            # The wire also carries the answer to the upgrade and, for each message, a WebSocket header.
            assert counted < crossed < 1.1 * counted + 500


async def test_two_viewers_pay_for_two_snapshots_and_hold_the_same_document(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running, client_of(running) as one, client_of(running) as two:
        channels = [client.channel("project_my_tree") for client in (one, two)]
        request_id = await open_question(channels[0])
        await channels[1].ready()
        before, updates = running.server.session.bytes_if_whole, running.server.session.graph.updates
        await two.sio.call("hitl_response", {"request_id": request_id, "action": "approve"})
        for channel in channels:
            assert await ended(channel) == "done"
        question = channels[0].document["questions"][request_id]
        assert question["answer"]["by"] == "viewer 2"
        assert channels[0].document == channels[1].document
        session = running.server.session
        smallest = len(json.dumps({"all_nodes": {}}))
        assert session.bytes_if_whole - before > 2 * smallest * (session.graph.updates - updates)


async def test_a_server_that_ends_stops_its_run(serve: Serve, tree: Path) -> None:
    async with serve(tree, HURRIED) as running:
        async with client_of(running) as client:
            channel = client.channel("project_my_tree")
            await open_question(channel)
            assert channel.status is Status.LIVE
        session = running.server.session
    assert not session.is_running
    assert session.graph.document["run"]["state"] == "aborted"
