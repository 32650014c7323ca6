"""Fixtures of the broadcast floor."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.broadcast.threaded_world import AwaitedWorld, ThreadedWorld
from tests.broadcast.world import World


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """A broadcaster's world: on asyncio, or for tests marked `on_both_shells` on each in turn."""
    if getattr(request, "param", "asyncio") == "asyncio":
        yield World()
    else:
        world = AwaitedWorld()
        yield world
        world.threaded.end()


@pytest.fixture
def threaded_world() -> Iterator[ThreadedWorld]:
    """A broadcaster's world on threads."""
    world = ThreadedWorld()
    yield world
    world.end()
