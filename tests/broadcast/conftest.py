"""Fixtures of the broadcast floor."""

import pytest

from tests.broadcast.world import World


@pytest.fixture
async def world() -> World:
    return World()
