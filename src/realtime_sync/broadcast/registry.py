"""Which transport serves which server, without importing either."""

from collections.abc import Callable
from typing import Any

import attrs

from realtime_sync.broadcast.ports import Transport
from realtime_sync.errors import UnsupportedServer


@attrs.frozen
class TransportKind:
    """How to recognise a server and to make its transport.

    Attributes:
        library: Top package of the server's class.
        server: Name of the class, or of one that it inherits from.
        make: Called with the server and a namespace; imports the adapter.
    """

    library: str
    server: str
    make: Callable[[Any, str], Transport]

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


def transport_for(server: object, namespace: str) -> Transport:
    """Return a transport for `server`.

    Raises:
        UnsupportedServer: No kind that is known.
    """
    for kind in _kinds:
        if kind.serves(server):
            return kind.make(server, namespace)
    known = ", ".join(f"{kind.library}.{kind.server}" for kind in _kinds)
    raise UnsupportedServer(
        f"cannot broadcast through {type(server).__module__}.{type(server).__qualname__}; known servers: {known}"
    )
