"""From a seed to a run, and from a failure to what helps to understand it."""

import random
from unittest.mock import patch

from tests.simulation.haste import hurried
from tests.simulation.loop import simulate
from tests.simulation.misfortunes import Misfortunes
from tests.simulation.quiet import become_quiet, come_to_an_end
from tests.simulation.world import World


def run(seed: int) -> World:
    """Run the world of a seed, and return it as it was at its end.

    Raises:
        AssertionError: A promise was broken; the notes tell what happened before, and how to see it again.
    """
    # Epochs are drawn by the library, and so is the jitter of its retries: equal seeds must draw equal ones.
    random.seed(seed)
    epochs = random.Random(seed)
    with hurried(), patch("secrets.token_urlsafe", lambda _: f"{epochs.randrange(16**8):08x}"):
        return simulate(_run(seed))


async def _run(seed: int) -> World:
    world = World(seed)
    try:
        with world.complaints:
            await _live(world)
    except Exception as error:
        for happened in world.story:
            error.add_note("  ".join(str(word)[:200] for word in happened))
        error.add_note(f"{world.weather}")
        error.add_note(f"Again: .venv/bin/python -m tests.simulation {seed}")
        raise
    return world


async def _live(world: World) -> None:
    misfortunes = Misfortunes(world)
    for viewer in world.viewers:
        viewer.connect(world.now)
    for _ in range(world.weather.steps):
        await misfortunes.step()
        await world.work()
    misfortunes.stop()
    await become_quiet(world)
    await come_to_an_end(world)
