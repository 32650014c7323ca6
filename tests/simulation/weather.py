"""What a seed holds in store: how bad the network is, who restarts, what the server was told."""

import random
from typing import Any, Self

import attrs

from realtime_sync.limits import HistoryLimits, Limits, ReaderLimits
from realtime_sync.wire.codec import available_codecs

CODECS = tuple(name for name in available_codecs() if "gzip" not in name)
"""gzip and deflate differ by a header, and a simulation has better things to do than to compress twice."""

SHORT_LANE = 3


@attrs.frozen(kw_only=True)
class Weather:
    """The circumstances of one run.

    Attributes:
        loss: Share of messages that a link loses; also in the other direction.
        duplication: Share of messages that arrive twice.
        reordering: Share of messages that wait behind later ones.
        garbage: Share of messages that arrive as something else.
        cuts: Chance of a viewer, each step, to lose its connection.
        naps: Chance of a viewer, each step, to stop reading for a while.
        revocations: Chance of a viewer, each step, that it may no longer watch a channel, or may again.
        restarts: Chance of the server, each step, to be restarted.
        endings: Chance of a channel, each step, to be closed or deleted.
        forgeries: Chance, each step, of a message that no honest client would send.
        failures: Chance of an append or a delivery to fail.
        lossless: Share of events that must not be lost.
        polls: Whether viewers ask over plain HTTP while they have no connection.
        keeps_log: Whether the server has a log that outlives it.
        steps: How many there are.
        codecs: What the viewers prefer, one each.
        options: What the broadcaster is told.
    """

    loss: float
    duplication: float
    reordering: float
    garbage: float
    cuts: float
    naps: float
    revocations: float
    restarts: float
    endings: float
    forgeries: float
    failures: float
    lossless: float
    polls: bool
    keeps_log: bool
    steps: int
    codecs: tuple[str, ...]
    options: dict[str, Any]

    @property
    def has_short_lane(self) -> bool:
        """Whether lossless events may be forgotten before everybody has had them."""
        return bool(self.options["history"].max_lossless_events == SHORT_LANE)

    @classmethod
    def of(cls, draw: random.Random) -> Self:
        """Draw the circumstances; each trouble is absent in some runs, so that it cannot hide another."""
        return cls(
            loss=draw.choice((0.0, 0.05, 0.15, 0.3)),
            duplication=draw.choice((0.0, 0.05, 0.2)),
            reordering=draw.choice((0.0, 0.1, 0.4)),
            garbage=draw.choice((0.0, 0.0, 0.03)),
            cuts=draw.choice((0.0, 0.01, 0.04)),
            naps=draw.choice((0.0, 0.02, 0.05)),
            revocations=draw.choice((0.0, 0.0, 0.02)),
            restarts=draw.choice((0.0, 0.0, 0.02, 0.04)),
            endings=draw.choice((0.0, 0.0, 0.01)),
            forgeries=draw.choice((0.0, 0.1)),
            failures=draw.choice((0.0, 0.0, 0.05)),
            lossless=draw.choice((0.0, 0.2, 0.6)),
            polls=draw.random() < 0.5,
            keeps_log=draw.random() < 0.6,
            steps=draw.choice((30, 60, 100)),
            codecs=tuple(draw.choice(CODECS) for _ in range(draw.choice((4, 4, 5, 6)))),
            options={
                "window_ms": draw.choice((0, 20, 50)),
                "max_queue_size": draw.choice((3, 1_000)),
                "history": HistoryLimits(
                    max_frames=draw.choice((1, 5, 1_000)),
                    max_age_s=draw.choice((2.0, 300.0)),
                    max_catchup_events=draw.choice((2, 100)),
                    max_lossless_events=draw.choice((SHORT_LANE, 1_000, 1_000)),
                ),
                "readers": draw.choice((ReaderLimits(), ReaderLimits(max_unacked_frames=4, let_go_after_s=5.0))),
                "limits": Limits(max_message_bytes=draw.choice((150, 600, 2**20))),
            },
        )
