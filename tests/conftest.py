"""What every test shares."""

from hypothesis import settings

# Hypothesis's deadline would fail a test because the machine was busy; the job's own time limit catches what hangs.
settings.register_profile("no-deadline", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("no-deadline")
