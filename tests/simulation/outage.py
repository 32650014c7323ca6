"""What fails because the simulation wants it to."""


class Outage(Exception):
    """What a log or a transport raises when it fails."""
