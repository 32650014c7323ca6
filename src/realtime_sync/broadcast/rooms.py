"""The Socket.IO rooms that belong to this library."""

OURS = "realtime_sync|"
"""How their names begin. No channel's does: its events would go to a room of its name, hence to strangers."""


def room_of(channel: str, codec: str) -> str:
    """Return the private room of a channel's subscribers with one codec; no other pair has the same."""
    return f"{OURS}{codec.replace('%', '%25').replace('|', '%7C')}|{channel}"
