"""What every test shares."""

import os

from hypothesis import settings

# The same examples on every machine: a red run is about the change at hand. REALTIME_SYNC_EXPLORE=1 draws new ones.
# Hypothesis's deadline would fail a test because the machine was busy; the job's own time limit catches what hangs.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("explore" if os.environ.get("REALTIME_SYNC_EXPLORE") else "repeatable")
