"""What must be true once nothing goes wrong any more."""

import asyncio

from realtime_sync.replication.subscription import Status
from tests.simulation.truth import canonical
from tests.simulation.viewer import Viewer, Watch
from tests.simulation.world import World

TICKS = 2
"""The first shows a gap to whoever missed the last frame; at the second those are let go whose last word was lost."""

SETTLING_STEPS = 60
SETTLING_PAUSE_S = 2.0
"""Two minutes in all: the longest back-off of a replica is 39 s, that of a flush 13."""


async def become_quiet(world: World) -> None:
    """Heal everything, and see that everybody ends with the newest document.

    Raises:
        AssertionError: Somebody does not.
    """
    world.server.heal()
    world.forbidden.clear()
    for viewer in world.viewers:
        viewer.heal()
        if viewer.was_sent_away and viewer.client is not None:
            viewer.client.disconnect()
            viewer.cut()
        if viewer.client is None:
            viewer.connect(world.now)
    for _ in range(TICKS):
        for author in world.authors.values():
            author.tick()
        for _ in range(SETTLING_STEPS // TICKS):
            await world.pass_time(SETTLING_PAUSE_S)
    for author in world.authors.values():
        author.check_kept()
    for viewer in world.viewers:
        for watch in viewer.watches.values():
            _check_settled(world, viewer, watch)


def _check_settled(world: World, viewer: Viewer, watch: Watch) -> None:
    author, status = world.authors[watch.channel], watch.subscription.status
    who = f"{viewer.name} of {watch.channel} in {watch.subscription.codecs[0]}"
    if author.document is None:
        assert status in (Status.WAITING, Status.STALE), f"{who}: {status} without a document"
        return
    assert status is Status.LIVE, f"{who} is {status} for ever: {watch.subscription.last_error!r}"
    assert watch.replica.position == author.channel.position, f"{who} stays behind"
    assert canonical(watch.replica.document) == canonical(author.document), f"{who} holds another document"


async def come_to_an_end(world: World) -> None:
    """Let everybody leave, and see that nothing of them stays.

    Raises:
        AssertionError: Something does.
    """
    for viewer in world.viewers:
        client = viewer.cut()
        assert client is not None, "everybody was connected"
        client.disconnect()
    await asyncio.sleep(1)
    world.check()
    server = world.server
    assert server.hub.sessions == 0
    assert not server.hub._polling._asking
    stats = server.hub.get_stats()
    assert (stats.subscriptions, stats.parked) == (0, 0)
    assert server.transport.rooms == {}
    await server.hub.close()
    await asyncio.sleep(60)
    assert server.runtime.jobs == 0, "something still runs"
