"""What goes over plain HTTP while there is no connection. PROTOCOL.md, section 8."""

from typing import Any

import attrs
import orjson

from realtime_sync.errors import ProtocolError
from realtime_sync.limits import Limits
from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.frames import Frame, frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import Answer

POLL_CODEC = "json"
"""An HTTP server compresses what it likes, and nothing follows for which a dictionary would pay."""

REPLY_BYTES = 8 * 2**10
"""What a reply may have beside its frame: an answer, whose longest part is a text for a human."""

REPLY_ELEMENTS = 32


@attrs.frozen
class PollReply:
    """The answer to a poll, and the frame that came with it.

    Attributes:
        answer: As over a connection, but that nothing follows it.
        frame: None where the answer is all.
    """

    answer: Answer
    frame: Frame | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the object that PROTOCOL.md gives for it."""
        return {"answer": self.answer.to_wire(), "body": None if self.frame is None else frame_to_wire(self.frame)}

    @classmethod
    def from_bytes(cls, data: bytes, *, limits: Limits) -> "PollReply":
        """Return what a response's bytes mean.

        Raises:
            LimitExceeded: The frame is larger than `limits` allows.
            DecodeError: These are no bytes of JSON.
            ProtocolError: What they mean is no reply.
        """
        match get_codec(POLL_CODEC).decode(data, limits=reply_limits(limits)):
            case {"answer": answer, "body": body}:
                frame = None if body is None else frame_from_wire(body, limits=limits)
                return cls(Answer.from_wire(answer), frame)
        raise ProtocolError(f"no reply to a poll: {data[:100]!r}")


def reply_limits(limits: Limits) -> Limits:
    """Return bounds for a reply with a frame that `limits` lets in."""
    return attrs.evolve(
        limits,
        max_encoded_bytes=limits.max_encoded_bytes + REPLY_BYTES,
        max_decoded_bytes=limits.max_decoded_bytes + REPLY_BYTES,
        max_elements=limits.max_elements + REPLY_ELEMENTS,
    )


def poll_body(message: dict[str, Any], auth: Any) -> bytes:
    """Return the body of a request: the message, and what the client would pass when connecting; None: nothing."""
    return orjson.dumps(message if auth is None else {**message, "auth": auth})
