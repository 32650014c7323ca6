"""What befalls everybody: connections are cut, servers die, channels end, strangers lie."""

import asyncio

from realtime_sync.testing import MemoryClient
from tests.simulation.garbage import forge
from tests.simulation.outage import Outage
from tests.simulation.poller import poll_sid
from tests.simulation.viewer import Viewer
from tests.simulation.world import CHANNELS, World

RECONNECTS = 0.3
NOTICED = 0.4
"""Chance, each step, that the server notices that a client is gone; until then it goes on sending."""

GRACEFUL = 0.3
"""Share of restarts before which the broadcaster was closed."""

LOSES_LOG = 0.3


class Misfortunes:
    """Does to a world what its weather says.

    Attributes:
        unnoticed: Connections that are gone, and the server does not know.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draw
        self.unnoticed: list[MemoryClient] = []
        self._forger = world.server.transport.connect(auth="forger")

    async def step(self) -> None:
        """Let happen what happens."""
        world, weather = self._world, self._world.weather
        for viewer in world.viewers:
            self._befall(viewer)
        self._notice_departures()
        if world.chance(weather.forgeries):
            self._forge()
        if world.chance(weather.endings):
            await self._end_channel(self._draw.choice(CHANNELS))
        if world.chance(weather.restarts):
            await self._restart()

    # ---- viewers -------------------------------------------------------------------------------------------------

    def _befall(self, viewer: Viewer) -> None:
        world, weather = self._world, self._world.weather
        if viewer.client is None:
            if world.chance(RECONNECTS):
                viewer.connect(world.now)
        elif world.chance(weather.cuts):
            self._cut(viewer)
        elif world.chance(weather.naps):
            world.tell(viewer.name, "naps")
            viewer.nap(self._draw.randrange(1, 30))
        elif world.chance(weather.revocations):
            self._change_rights(viewer)

    def _cut(self, viewer: Viewer) -> None:
        self._world.tell(viewer.name, "loses its connection")
        client = viewer.cut()
        if client is not None:
            self.unnoticed.append(client)

    def _notice_departures(self) -> None:
        for client in list(self.unnoticed):
            if self._world.chance(NOTICED):
                self.unnoticed.remove(client)
                client.disconnect()

    def _change_rights(self, viewer: Viewer) -> None:
        world, channel = self._world, self._draw.choice(CHANNELS)
        right = (viewer.name, channel)
        world.tell(*right, "may again" if right in world.forbidden else "may no longer")
        if right in world.forbidden:
            del world.forbidden[right]
        elif viewer.client is not None:
            world.forbid(*right)
            viewer.was_sent_away = True
            world.server.hub.revoke(poll_sid(viewer.name), channel)
            for client in (viewer.client, *self.unnoticed):  # what the server takes for a connection of the same person
                if client.subscriber.auth == viewer.name:
                    world.server.hub.revoke(client.sid, channel)

    def _forge(self) -> None:
        event, message = forge(self._draw, CHANNELS, self._world.truth.epochs(self._draw.choice(CHANNELS)))
        self._forger.take()
        self._world.server.receive(self._forger, event, message)

    # ---- the server ------------------------------------------------------------------------------------------------

    async def _restart(self) -> None:
        world = self._world
        if world.chance(GRACEFUL):
            await world.server.hub.close(timeout_s=1)
        lose_log = world.chance(LOSES_LOG)
        world.tell("the server dies", "and its log is lost" if lose_log else "")
        world.server.crash(lose_log=lose_log)
        for viewer in world.viewers:
            viewer.cut()
        self.unnoticed.clear()
        await asyncio.sleep(0)
        world.server.begin()
        self._forger = world.server.transport.connect(auth="forger")
        for author in world.authors.values():
            author.begin_again()

    async def _end_channel(self, name: str) -> None:
        world, author = self._world, self._world.authors[name]
        for viewer in world.viewers:
            viewer.was_sent_away = True
        delete = world.chance(0.5)
        world.tell(name, "is deleted" if delete else "is closed")
        try:
            if delete:
                await author.channel.delete("deleted by the application")
            else:
                await author.channel.close("closed by the application")
        except Outage:
            world.tell(name, "could not be ended, and goes on")
        else:
            author.begin_again()

    def stop(self) -> None:
        """The server notices everything, and the liar leaves."""
        for client in (*self.unnoticed, self._forger):
            client.disconnect()
        self.unnoticed.clear()
