"""Programs that use `realtime_sync` as an application would."""
