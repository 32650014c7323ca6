"""Keep many clients on the same live document: diffs, drafts, frames, recovery.

    hub = realtime_sync.attach(sio, authorize=may_watch)
    project = hub.channel("project_42", initial={"all_nodes": {}})
    project.publish(graph)                       # a whole snapshot: only what changed travels
    with project.edit() as doc:                  # or recorded edits, at a cost that follows the change
        doc["all_nodes"]["n7"]["status"] = "DONE"

README.md shows how to begin, PROTOCOL.md what travels.
"""

from pathlib import Path
from typing import Any, Unpack

from realtime_sync.broadcast.async_broadcaster import AsyncBroadcaster
from realtime_sync.broadcast.async_channel import AsyncChannel
from realtime_sync.broadcast.channel import Channel
from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.options import OptionArguments
from realtime_sync.broadcast.overflow import Overflow
from realtime_sync.broadcast.ports import (
    Authorize,
    Broadcaster,
    ChannelLog,
    Job,
    Load,
    OnResync,
    Runtime,
    Signal,
    Subscriber,
    Transport,
    allow_everyone,
)
from realtime_sync.broadcast.primitives import Primitives
from realtime_sync.broadcast.receipt import Receipt
from realtime_sync.broadcast.registry import ShellKind, TransportKind, register_transport
from realtime_sync.broadcast.registry import kind_of as _kind_of
from realtime_sync.broadcast.stats import Drop, ResyncCause, Stats
from realtime_sync.broadcast.thread_runtime import ThreadRuntime
from realtime_sync.broadcast.threaded_broadcaster import ThreadedBroadcaster
from realtime_sync.broadcast.threaded_channel import ThreadedChannel
from realtime_sync.document.compose import compose
from realtime_sync.document.diff import diff
from realtime_sync.document.draft import Draft, draft
from realtime_sync.document.normalize import normalize
from realtime_sync.document.patch import apply_patch, apply_patch_in_place, invert
from realtime_sync.errors import (
    AlreadyAttached,
    ChannelClosed,
    DecodeError,
    DraftClosed,
    EditConflict,
    InvalidName,
    InvalidPatch,
    InvalidPointer,
    InvalidValue,
    LimitExceeded,
    LocalError,
    LogRefused,
    MessageTooLarge,
    MissingExtra,
    NoDocument,
    PatchError,
    PathNotFound,
    ProtocolError,
    QueueFull,
    ReentrantCapture,
    RemoteError,
    SubscriptionRefused,
    SyncError,
    TestFailed,
    UnknownCodec,
    UnknownDictionary,
    UnsupportedServer,
)
from realtime_sync.jsontypes import Json, Operation, Patch
from realtime_sync.limits import HistoryLimits, Limits, ReaderLimits
from realtime_sync.position import Position
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.batch import MessageBatch
from realtime_sync.replication.lossless_hearing import EventsLost
from realtime_sync.replication.primary import CatchUp, LooseEvents, Primary
from realtime_sync.replication.replica import (
    ChannelEnded,
    ChecksumMismatch,
    EventReceived,
    EventsDropped,
    Happening,
    PatchApplied,
    Refused,
    Replica,
    ResyncNeeded,
    SnapshotReplaced,
    State,
    StateChanged,
)
from realtime_sync.replication.resynchronizing import Resynced, ResyncReason
from realtime_sync.wire.codec import Codec, available_codecs, get_codec, register_codec
from realtime_sync.wire.dictionary import Dictionary, DictionaryCodec
from realtime_sync.wire.encoding import decode_frame, encode_frame
from realtime_sync.wire.frames import Check, Closed, Delta, Event, Frame, Keyframe, frame_from_wire, frame_to_wire
from realtime_sync.wire.messages import Answer, Heard, Outcome

__version__ = "0.1.0"

__all__ = [
    "AlreadyAttached",
    "Answer",
    "AsyncBroadcaster",
    "AsyncChannel",
    "Authorize",
    "Backoff",
    "Broadcaster",
    "CatchUp",
    "Channel",
    "ChannelClosed",
    "ChannelEnded",
    "ChannelLog",
    "Check",
    "ChecksumMismatch",
    "Closed",
    "Codec",
    "DecodeError",
    "Delta",
    "Dictionary",
    "DictionaryCodec",
    "Draft",
    "DraftClosed",
    "Drop",
    "EditConflict",
    "Event",
    "EventReceived",
    "EventsDropped",
    "EventsLost",
    "Frame",
    "Happening",
    "Heard",
    "HistoryLimits",
    "InvalidName",
    "InvalidPatch",
    "InvalidPointer",
    "InvalidValue",
    "Job",
    "Json",
    "Keyframe",
    "LimitExceeded",
    "Limits",
    "Load",
    "LocalError",
    "LogRefused",
    "LooseEvents",
    "MemoryLog",
    "MessageBatch",
    "MessageTooLarge",
    "MissingExtra",
    "NoDocument",
    "OnResync",
    "Operation",
    "OptionArguments",
    "Outcome",
    "Overflow",
    "Patch",
    "PatchApplied",
    "PatchError",
    "PathNotFound",
    "Position",
    "Primary",
    "Primitives",
    "ProtocolError",
    "QueueFull",
    "ReaderLimits",
    "Receipt",
    "ReentrantCapture",
    "Refused",
    "RemoteError",
    "Replica",
    "ResyncCause",
    "ResyncNeeded",
    "ResyncReason",
    "Resynced",
    "Runtime",
    "ShellKind",
    "Signal",
    "SnapshotReplaced",
    "State",
    "StateChanged",
    "Stats",
    "Subscriber",
    "SubscriptionRefused",
    "SyncError",
    "TestFailed",
    "ThreadRuntime",
    "ThreadedBroadcaster",
    "ThreadedChannel",
    "Transport",
    "TransportKind",
    "UnknownCodec",
    "UnknownDictionary",
    "UnsupportedServer",
    "allow_everyone",
    "apply_patch",
    "apply_patch_in_place",
    "attach",
    "available_codecs",
    "compose",
    "decode_frame",
    "diff",
    "draft",
    "encode_frame",
    "frame_from_wire",
    "frame_to_wire",
    "get_codec",
    "invert",
    "normalize",
    "register_codec",
    "register_transport",
    "static_path",
]


def attach(server: Any, *, namespace: str = "/", **options: Unpack[OptionArguments]) -> Any:
    """Return a broadcaster that serves live documents to the clients of `server`: an `AsyncBroadcaster` for a server on
    an event loop, a `ThreadedBroadcaster` for one on threads or greenlets. `AsyncBroadcaster.on` and
    `ThreadedBroadcaster.on` do the same with a type that checkers know.

    The server stays the application's: no handler of it is taken, whichever is registered first, and its CORS setting
    is not touched.

    Args:
        server: A `socketio.AsyncServer`, a `socketio.Server`, or a `flask_socketio.SocketIO`, whose `init_app` may come
            later.
        namespace: The Socket.IO namespace on which clients subscribe.
        authorize: `authorize(subscriber, channel, action) -> bool`, on an event loop also a coroutine function, with
            Flask-SocketIO called in the request context; asked on every subscribe, resync, fetch and reconnect. Only
            True lets in; an exception denies and is logged. There is no default: a server that is open to all says so
            with `realtime_sync.allow_everyone`.
        codecs: Names of the codecs to use; None: all that are available. `json` always works.
        window_ms: Milliseconds in which changes collect under load; the first one after a quiet time goes at once.
        max_queue_size: Events of a channel that may wait for a frame.
        overflow: What becomes of another one: by default the least important is dropped and counted.
        history: How far back a subscriber is caught up by a patch instead of the whole document.
        limits: Bounds on documents, on messages, and on what clients may ask for.
        readers: How far a subscriber may fall behind before nothing more is sent to it until it has read.
        log: Where frames are kept beyond memory; None: nowhere, and a restart is a new epoch.
        load: `load(channel)` brings a document that is not in memory, once, however many ask; on an event loop it may
            be a coroutine function.
        on_resync: `on_resync(channel, subscriber, cause, from_position, to_position)` is called, in the background and
            in order, when a subscriber had to be brought up to date: it came back, lost the thread, or did not keep up.
            On an event loop it may be a coroutine function; on threads it is called without a request context. What it
            raises is logged. Who asks over plain HTTP is not told of.
        default: `default(value)` returns something JSON for a value that is not, as in `json.dumps`.
        channel_ttl_s: Seconds that a channel without subscriber or change stays in memory.

    Raises:
        UnsupportedServer: `server` is of no kind that is known, or runs on eventlet.
        AlreadyAttached: The namespace has a broadcaster.
        UnknownCodec: A name in `codecs` is no codec.
        TypeError: `authorize` is missing or cannot be called.
    """
    if _kind_of(server).shell is ShellKind.THREADS:
        return ThreadedBroadcaster.on(server, namespace=namespace, **options)
    return AsyncBroadcaster.on(server, namespace=namespace, **options)


def static_path() -> Path:
    """Return the folder of the JavaScript client, for a server to serve as static files.

    A page without a bundler imports `realtime-sync.js`: the whole client in one file.
    """
    return Path(__file__).parent / "js"


def _python_socketio(server: Any, namespace: str) -> Transport:
    from realtime_sync.adapters.python_socketio import AsyncSocketIOTransport

    return AsyncSocketIOTransport(server, namespace)


def _python_socketio_threads(server: Any, namespace: str) -> Transport:
    from realtime_sync.adapters._server_source import GivenServer
    from realtime_sync.adapters.python_socketio_threads import ThreadedSocketIOTransport

    return ThreadedSocketIOTransport(GivenServer(server), namespace)


def _python_socketio_primitives(server: Any) -> Primitives:
    from realtime_sync.adapters._server_source import GivenServer, primitives_of

    return primitives_of(GivenServer(server))


def _flask_socketio(server: Any, namespace: str) -> Transport:
    from realtime_sync.adapters.flask_socketio import FlaskServer
    from realtime_sync.adapters.python_socketio_threads import ThreadedSocketIOTransport

    return ThreadedSocketIOTransport(FlaskServer(server), namespace)


def _flask_socketio_primitives(server: Any) -> Primitives:
    from realtime_sync.adapters._server_source import primitives_of
    from realtime_sync.adapters.flask_socketio import FlaskServer

    return primitives_of(FlaskServer(server))


register_transport(TransportKind("socketio", "AsyncServer", _python_socketio))
register_transport(
    TransportKind("socketio", "Server", _python_socketio_threads, ShellKind.THREADS, _python_socketio_primitives)
)
register_transport(
    TransportKind("flask_socketio", "SocketIO", _flask_socketio, ShellKind.THREADS, _flask_socketio_primitives)
)
