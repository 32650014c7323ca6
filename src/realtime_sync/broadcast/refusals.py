"""Answers that let nobody in, and are the same for all who ask."""

from realtime_sync.wire.messages import SPOKEN_VERSIONS, Answer, Outcome

FORBIDDEN = Answer(Outcome.FORBIDDEN)
"""Whether there is such a channel is not said."""

UPGRADE_REQUIRED = Answer(
    Outcome.UPGRADE_REQUIRED,
    message=f"this server speaks version {', '.join(str(version) for version in SPOKEN_VERSIONS)} of the protocol",
)


def unavailable(message: str) -> Answer:
    """Return the answer to one who may come back later."""
    return Answer(Outcome.UNAVAILABLE, message=message)
