"""A server in a process of its own, which clients tell what to do: `python -m tests.adapters.server_process OPTIONS`.

Shape of OPTIONS, as JSON: {"kind": "plain" | "flask" | "loop", "mode": "threading" | "gevent" | "asgi",
"patched": bool, "gevent_websocket": bool, "port": int, "life": int}. It prints its port when it serves.

The event `control` carries {"do": name of a method of `Controls`, ...its arguments}; the acknowledgement is the result.
"""

import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

OPTIONS: dict[str, Any] = json.loads(sys.argv[1]) if __name__ == "__main__" else {}

if OPTIONS.get("patched"):
    from gevent import monkey

    monkey.patch_all()
if not OPTIONS.get("gevent_websocket"):
    sys.modules["geventwebsocket"] = None  # type: ignore[assignment]  # python-engineio takes it where it is installed

import socketio  # noqa: E402  # after the patching, as gevent wants it

import realtime_sync as rs  # noqa: E402

WORKERS = 8


class Controls:
    """What a client may ask for.

    Args:
        sio: The server; its threads or greenlets do the work.
        hub: Its broadcaster.
        life: Which start of this server it is.
        wait: Returns what a flush comes to.
    """

    def __init__(self, sio: Any, hub: Any, life: int, wait: Callable[[Any], Any] = lambda result: result) -> None:
        self._sio, self._hub, self._wait = sio, hub, wait
        self.life = life
        self._halted = False

    def obey(self, order: dict[str, Any]) -> Any:
        return getattr(self, order.pop("do"))(**order)

    def open(self, channel: str, document: Any) -> None:
        self._hub.channel(channel, initial=document)

    def open_large(self, channel: str, size: int) -> None:
        """Open a channel with a document of that many bytes that no codec makes much shorter."""
        self.open(channel, {f"n{number}": secrets.token_urlsafe(size)[: size // 32] for number in range(32)})

    def publish(self, channel: str, value: Any, at: str = "") -> None:
        one = self._hub.channel(channel)
        one.publish(value, at=at)
        self._wait(one.flush())

    def document(self, channel: str) -> Any:
        return {"document": rs.normalize(self._hub.channel(channel).document), "life": self.life}

    def revoke(self, channel: str) -> int:
        count: int = self._hub.revoke(channel=channel)
        self.publish(channel, "not for you", at="/secret")
        return count

    def flood(self, channel: str, events: int, size: int) -> dict[str, Any]:
        """Emit so many events of that size; return who is in the channel's room then, and how many were let go."""
        one = self._hub.channel(channel)
        for number in range(events):
            one.emit("flooded", [number, "x" * size])
            self._wait(one.flush())
            self._sio.sleep(0)
        members = [sid for sid, _ in self._sio.manager.get_participants("/", channel)]
        return {"members": len(members), "let_go": self._hub.get_stats().plain_let_go}

    def subscribers(self, channel: str) -> int:
        count: int = self._hub.channel(channel).subscriber_count
        return count

    def work(self, channel: str, edits: int, pause_s: float = 0.0) -> dict[str, Any]:
        """Edit from 8 threads or greenlets at once, each announcing every edit, and emitting bytes of its own.

        Each worker changes its own member; `shared` grows by every one of them. `halt` ends it before its time.
        """
        self._halted = False
        one = self._hub.channel(channel)
        pulse = Pulse(self._sio)

        def edit(worker: int) -> None:
            for number in range(edits):
                if self._halted:
                    break
                one.publish(number, at=f"/w{worker}")
                one.append_text("/shared", f"{worker}:{number} ")
                one.emit("edited", [worker, number])
                self._sio.emit("blob", (worker, number, b"%d:%d" % (worker, number)))
                self._sio.sleep(pause_s)

        workers = [self._sio.start_background_task(edit, worker) for worker in range(WORKERS)]
        for worker in workers:
            worker.join()
        self._wait(one.flush())
        return {"document": rs.normalize(one.document), "longest_pause_s": pulse.stop()}

    def halt(self) -> None:
        self._halted = True


class Pulse:
    """Finds out for how long nobody else had a turn: under gevent, whether something blocked the hub."""

    def __init__(self, sio: Any) -> None:
        self._sio = sio
        self._longest_s = 0.0
        self._ends = False
        self._task = sio.start_background_task(self._beat)

    def _beat(self) -> None:
        while not self._ends:
            before = time.monotonic()
            self._sio.sleep(0.001)
            self._longest_s = max(self._longest_s, time.monotonic() - before)

    def stop(self) -> float:
        self._ends = True
        self._task.join()
        return self._longest_s


def made(kind: str, mode: str) -> tuple[Any, socketio.Server, rs.ThreadedBroadcaster, Callable[..., Any]]:
    """Return a WSGI application, its server, the broadcaster, and what registers a handler called with one value."""
    if kind == "plain":
        sio = socketio.Server(async_mode=mode)
        hub = rs.ThreadedBroadcaster.on(sio, authorize=rs.allow_everyone, window_ms=5)
        return socketio.WSGIApp(sio), sio, hub, lambda event, use: sio.on(event, lambda sid, value: use(value))
    import flask
    import flask_socketio

    app = flask.Flask("app")
    extension = flask_socketio.SocketIO(async_mode=mode)
    hub = rs.ThreadedBroadcaster.on(extension, authorize=rs.allow_everyone, window_ms=5)
    extension.init_app(app)
    return app, extension.server, hub, extension.on_event


def serve(app: Any, mode: str, port: int, gevent_websocket: bool) -> None:
    if mode == "gevent":
        from gevent.pywsgi import WSGIServer

        options: dict[str, Any] = {"log": None}
        if gevent_websocket:
            from geventwebsocket.handler import WebSocketHandler

            options["handler_class"] = WebSocketHandler
        server = WSGIServer(("127.0.0.1", port), app, **options)
        server.start()
        print(server.server_port, flush=True)
        server.serve_forever()
    else:
        import logging

        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        threaded = make_server("127.0.0.1", port, app, threaded=True)
        print(threaded.server_port, flush=True)
        threaded.serve_forever()


def serve_on_loop(port: int, life: int) -> None:
    """Serve with an `AsyncServer`; what clients ask for is done in threads beside its loop."""
    from tests.adapters.loop_server import ServerOnLoop

    # The two bound how long the last request of a polling client stays open when it leaves.
    sio = socketio.AsyncServer(async_mode="asgi", ping_interval=1, ping_timeout=4)
    server = ServerOnLoop(sio)
    controls = Controls(server, rs.attach(sio, authorize=rs.allow_everyone, window_ms=5), life, server.wait)
    server.on("control", controls.obey)
    sio.on("enter", server.enter)
    server.serve(port)


def main() -> None:
    if OPTIONS["mode"] != "gevent":
        sys.setswitchinterval(1e-5)  # threads take turns where they would seldom do
    if OPTIONS["kind"] == "loop":
        return serve_on_loop(OPTIONS["port"], OPTIONS["life"])
    app, sio, hub, on = made(OPTIONS["kind"], OPTIONS["mode"])
    controls = Controls(sio, hub, OPTIONS["life"])
    on("control", controls.obey)
    sio.on("enter", lambda sid, room: sio.enter_room(sid, room))
    serve(app, OPTIONS["mode"], OPTIONS["port"], OPTIONS["gevent_websocket"])


if __name__ == "__main__":
    main()
