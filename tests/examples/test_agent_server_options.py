"""The command line, the port, and the meter at the sockets."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from examples.agent_server.options import PROJECT, parse_arguments
from examples.agent_server.plan import plan_folder
from examples.agent_server.run import RunOptions
from examples.agent_server.serving import listen, url_of
from examples.agent_server.session import slug
from examples.agent_server.socket_meter import SocketMeter


def test_the_default_is_a_page_over_this_project() -> None:
    arguments = parse_arguments([])
    assert arguments.folder == PROJECT
    assert (PROJECT / "pyproject.toml").is_file()
    assert (arguments.headless, arguments.host, arguments.port) == (False, "127.0.0.1", None)
    assert arguments.run == RunOptions(pace_ms=25)


def test_headless_runs_at_full_speed_unless_told_otherwise() -> None:
    assert parse_arguments(["--headless"]).run.pace_ms == 0
    assert parse_arguments(["--headless", "--pace-ms", "2.5"]).run.pace_ms == 2.5


def test_the_default_run_asks_a_human_at_least_once() -> None:
    assert len(plan_folder(PROJECT / "examples" / "agent_server")) > RunOptions().ask_above


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["no/such/folder"], "no/such/folder is not a folder"),
        (["--json"], "add --headless"),
        (["--port", "65536"], "the highest port is 65535"),
        (["--port", "-1"], "too small"),
        (["--concurrency", "0"], "too small"),
        (["--pace-ms", "nan"], "too small or too large"),
        (["--question-timeout", "soon"], "'soon' is not a number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(words)
    assert complaint in capsys.readouterr().err


def test_a_taken_port_is_an_error_only_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("examples.agent_server.serving.DEFAULT_PORT", port)
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", port)
        with listen("127.0.0.1", None) as other:
            assert other.getsockname()[1] != port
            assert url_of(other) == f"http://127.0.0.1:{other.getsockname()[1]}/"


def test_an_ipv6_address_is_written_in_brackets() -> None:
    class Listening:
        def getsockname(self) -> tuple[str, int, int, int]:
            return "::1", 8000, 0, 0

    assert url_of(Listening()) == "http://[::1]:8000/"  # type: ignore[arg-type]  # many machines have no IPv6


@pytest.mark.parametrize(
    ("name", "wanted"), [("My Folder", "my_folder"), ("straße.d", "stra_e_d"), ("___", "folder"), ("x" * 99, "x" * 60)]
)
def test_a_folders_name_makes_an_id(name: str, wanted: str) -> None:
    assert slug(name) == wanted


async def test_only_what_socket_io_sends_is_counted() -> None:
    messages = [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "bytes": None, "text": "2€"},
        {"type": "websocket.send", "bytes": b"12345", "text": None},
        {"type": "websocket.send", "bytes": b"1"},
        {"type": "http.response.start", "status": 200},
        {"type": "http.response.body", "body": b"polled"},
        {"type": "websocket.close"},
    ]

    async def application(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        for message in messages:
            await send(message)

    meter = SocketMeter(application, path="/socket.io")
    passed: list[Any] = []

    async def send(message: Any) -> None:
        passed.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody asked")

    await meter({"type": "websocket", "path": "/socket.io/"}, receive, send)
    assert meter.bytes_sent == len("2€".encode()) + 5 + 1 + 6
    await meter({"type": "http", "path": "/static/page.js"}, receive, send)
    await meter({"type": "lifespan"}, receive, send)
    assert meter.bytes_sent == len("2€".encode()) + 5 + 1 + 6
    assert passed == messages * 3


def test_a_listening_socket_is_a_real_one() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert client.getpeername()[1] == port


def test_the_project_is_not_the_current_folder_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_arguments([]).folder == PROJECT
