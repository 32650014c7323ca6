"""Which transport serves which server, without importing either."""

import enum
from collections.abc import Callable
from typing import Any

import attrs

from realtime_sync.broadcast.ports import Transport
from realtime_sync.broadcast.primitives import Primitives
from realtime_sync.errors import UnsupportedServer


class ShellKind(enum.Enum):
    """What sleeps and sends for a server: which broadcaster it takes."""

    ASYNCIO = "AsyncBroadcaster"
    THREADS = "ThreadedBroadcaster"


def _own_primitives(server: Any) -> Primitives:
    return Primitives()


@attrs.frozen
class TransportKind:
    """How to recognise a server and to make its transport.

    Attributes:
        library: Top package of the server's class.
        server: Name of the class, or of one that it inherits from.
        make: Called with the server and a namespace; imports the adapter.
        shell: Whether the server runs on an event loop, or on threads or greenlets.
        primitives: Called with a server that runs on threads, returns what these are; Python's own by default.
    """

    library: str
    server: str
    make: Callable[[Any, str], Transport]
    shell: ShellKind = ShellKind.ASYNCIO
    primitives: Callable[[Any], Primitives] = _own_primitives

    def serves(self, server: object) -> bool:
        """Whether `server` is of this kind."""
        return any(
            base.__name__ == self.server and base.__module__.partition(".")[0] == self.library
            for base in type(server).__mro__
        )


_kinds: list[TransportKind] = []


def register_transport(kind: TransportKind) -> None:
    """Let `attach` and `on` know a kind of server."""
    _kinds.append(kind)


def kind_of(server: object, shell: ShellKind | None = None) -> TransportKind:
    """Return the kind of `server`; with `shell`, only one that this shell can serve.

    Raises:
        UnsupportedServer: It is of no kind that is known, or takes the other broadcaster.
    """
    name = f"{type(server).__module__}.{type(server).__qualname__}"
    kind = next((kind for kind in _kinds if kind.serves(server)), None)
    if kind is None:
        known = ", ".join(f"{kind.library}.{kind.server}" for kind in _kinds)
        raise UnsupportedServer(f"cannot broadcast through {name}; known servers: {known}")
    if shell not in (None, kind.shell):
        raise UnsupportedServer(f"{name} is served by {kind.shell.value}.on(...)")
    return kind
