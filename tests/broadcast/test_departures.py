"""Clients that leave at inconvenient moments."""

from typing import Any

from realtime_sync.wire.messages import SUBSCRIBE, Subscribe
from tests.broadcast.world import World


async def test_nobody_is_asked_about_the_message_of_a_client_that_is_gone(world: World) -> None:
    asked: list[Any] = []

    def authorize(*question: Any) -> bool:
        asked.append(question)
        return True

    hub = world.hub(authorize=authorize)
    client = world.watcher().client
    client.disconnect()  # before its message's handler begins
    await client.send(SUBSCRIBE, Subscribe("c", "1", ("json",), None).to_wire())
    assert asked == []
    assert hub.sessions == 0
