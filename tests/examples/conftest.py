"""Trees that nobody here wrote, and a server on a real port."""

import asyncio
import shutil
import sysconfig
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest

from examples.agent_server.run import RunOptions
from examples.agent_server.server import AgentServer
from examples.agent_server.serving import listen, url_of, web_server

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


@attrs.frozen
class Running:
    """A server that answers.

    Attributes:
        url: Where, ending in a slash.
    """

    server: AgentServer
    url: str


Serve: TypeAlias = Callable[[Path, RunOptions], AbstractAsyncContextManager[Running]]


@pytest.fixture
def standard_library(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies packages of the standard library into one folder: source, and nothing compiled."""

    def copied(*packages: str) -> Path:
        folder = tmp_path / "standard_library"
        for package in packages:
            ignored = shutil.ignore_patterns("__pycache__", "test", "tests")
            shutil.copytree(STANDARD_LIBRARY / package, folder / package, ignore=ignored)
        return folder

    return copied


@pytest.fixture
def serve() -> Serve:
    """Return a function that serves a folder on a free port, within an `async with` block."""

    @asynccontextmanager
    async def serving(folder: Path, options: RunOptions) -> AsyncIterator[Running]:
        server = AgentServer(folder, options)
        listening = listen("127.0.0.1", 0)
        web = web_server(server.app)
        task = asyncio.create_task(web.serve(sockets=[listening]))
        try:
            yield Running(server, url_of(listening))
        finally:
            web.should_exit = True
            await task

    return serving
