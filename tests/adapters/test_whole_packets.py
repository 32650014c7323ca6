"""No packet of a threaded server is torn, whoever sends at the same time."""

import threading
from typing import Any

import pytest
import socketio
from engineio.exceptions import SocketIsClosedError
from engineio.packet import MESSAGE, PING, Packet
from socketio.msgpack_packet import MsgPackPacket
from socketio.packet import Packet as SocketIOPacket

import realtime_sync as rs
from realtime_sync.adapters._whole_packets import WholePackets
from tests.adapters.raw_client import RawClient
from tests.servers import serving_threads

THREADS, EACH = 8, 60


def blobs(worker: int, number: int) -> tuple[bytes, bytes]:
    return f"{worker}:{number}:0".encode(), f"{worker}:{number}:1".encode()


@pytest.mark.usefixtures("hurried")
def test_what_eight_threads_send_arrives_whole_complete_and_in_order() -> None:
    sio = socketio.Server(async_mode="threading")
    hub = rs.attach(sio, authorize=rs.allow_everyone, window_ms=1)
    channel = hub.channel("c", initial={})
    sio.on("echo", lambda sid, number: blobs(99, number))

    def work(worker: int) -> None:
        for number in range(EACH):
            if number % 2:
                sio.emit("blobs", (worker, number, *blobs(worker, number)))
            else:
                sio.emit("text", (worker, number))
            channel.publish(number, at=f"/w{worker}")

    with hub, serving_threads(socketio.WSGIApp(sio), sio) as url, RawClient(url) as client:
        subscribe = {"version": 1, "channel": "c", "request": "1", "codecs": ["msgpack"], "position": None}
        client.send("sync:subscribe", subscribe)
        assert client.receive()[3]["outcome"] == "keyframe"
        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(THREADS)]
        for thread in threads:
            thread.start()
        for number in range(EACH):
            client.send("echo", number, id=number)
        received = collect(client, THREADS * EACH, EACH)
        for thread in threads:
            thread.join()
    for worker in range(THREADS):
        assert [number for name, who, number, *_ in received["app"] if who == worker] == list(range(EACH))
    for name, who, number, *rest in received["app"]:
        assert tuple(rest) == (blobs(who, number) if name == "blobs" else ())
    assert sorted(received["ack"]) == [["ack", number, *blobs(99, number)] for number in range(EACH)]
    assert all(isinstance(frame, bytes) for _, _, frame in received["frames"])
    assert received["frames"]


def test_a_bytearray_is_bytes_to_the_client() -> None:
    sio = socketio.Server(async_mode="threading")
    WholePackets.guard(sio, SocketIsClosedError)
    with serving_threads(socketio.WSGIApp(sio), sio) as url, RawClient(url) as client:
        sio.emit("blob", bytearray(b"1"))
        assert client.receive() == ["blob", b"1"]


def collect(client: RawClient, events: int, acks: int) -> dict[str, list[Any]]:
    received: dict[str, list[Any]] = {"app": [], "ack": [], "frames": []}
    while len(received["app"]) < events or len(received["ack"]) < acks:
        packet = client.receive()
        kind = {"text": "app", "blobs": "app", "ack": "ack", "batch_update": "frames"}[packet[0]]
        received[kind].append(packet)
    return received


# ---- the guard alone: each interleaving that threads might find by chance is arranged --------------------------------


class FakeEngine:
    """Notes what is sent; `meanwhile` runs inside the first send, as a thread might come in there."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.meanwhile: Any = None
        self.handlers: dict[str, Any] = {}

    def send_packet(self, eio_sid: str, packet: Packet) -> None:
        self.sent.append((eio_sid, packet.data))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()

    def on(self, event: str, handler: Any) -> None:
        self.handlers[event] = handler

    def data(self, eio_sid: str = "a") -> list[Any]:
        return [data for sid, data in self.sent if sid == eio_sid]


class FakeServer:
    packet_class: type[SocketIOPacket] = SocketIOPacket

    def __init__(self) -> None:
        self.eio = FakeEngine()
        self.ended: list[tuple[Any, ...]] = []

    def _handle_eio_disconnect(self, *arguments: Any) -> None:
        self.ended.append(arguments)


def guarded() -> tuple[FakeServer, FakeEngine]:
    server = FakeServer()
    engine = server.eio
    WholePackets.guard(server, SocketIsClosedError)
    return server, engine


def send(engine: FakeEngine, *parts: str | bytes, to: str = "a") -> None:
    for part in parts:
        engine.send_packet(to, Packet(MESSAGE, part))


def test_nothing_comes_between_a_text_and_its_attachments() -> None:
    _, engine = guarded()
    has_come_between = threading.Event()

    def send_another() -> None:
        send(engine, '2["x"]')
        has_come_between.set()

    def come_between() -> None:
        other = threading.Thread(target=send_another)
        other.start()
        others.append(other)
        assert not has_come_between.wait(0.05), "the other thread waits for the lock"

    others: list[threading.Thread] = []
    engine.meanwhile = come_between
    send(engine, '52-["y",0,1]', b"1", b"2")
    others[0].join()
    assert engine.data() == ['52-["y",0,1]', b"1", b"2", '2["x"]']


def test_nothing_is_sent_of_a_packet_that_never_becomes_whole() -> None:
    _, engine = guarded()
    send(engine, '52-["torn"]', b"1")
    send(engine, '2["next"]')
    send(engine, '51-["whole"]', b"2")
    assert engine.data() == ['2["next"]', '51-["whole"]', b"2"]


def test_packets_to_two_clients_are_whole_each() -> None:
    _, engine = guarded()
    for to in ("a", "b"):
        send(engine, '62-7["ack"]', b"1", b"2", to=to)
    assert engine.data("a") == engine.data("b") == ['62-7["ack"]', b"1", b"2"]


def test_what_has_no_attachments_goes_at_once() -> None:
    _, engine = guarded()
    send(engine, "40", '2["5-"]', '50-["none"]', "")
    engine.send_packet("a", Packet(PING))
    assert engine.data() == ["40", '2["5-"]', '50-["none"]', "", None]


def test_a_serializer_without_attachments_is_left_alone() -> None:
    server, engine = guarded()
    server.packet_class = MsgPackPacket
    send(engine, b"bytes", '52-["text of its own"]', b"more")
    assert engine.data() == [b"bytes", '52-["text of its own"]', b"more"]


def test_a_client_that_is_gone_does_not_keep_a_room_from_its_packet() -> None:
    sio = socketio.Server(async_mode="threading")
    WholePackets.guard(sio, SocketIsClosedError)
    first, second = (_connected(sio) for _ in range(2))
    first.closed = True
    sio.eio._get_socket = lambda sid: sio.eio.sockets[sid]  # it was there when the sender looked, and closed after that
    sio.emit("news", b"1")
    packets = [second.queue.get_nowait() for _ in range(2)]
    assert [packet.data for packet in packets] == ['51-["news",{"_placeholder":true,"num":0}]', b"1"]


def _connected(sio: socketio.Server) -> Any:
    from engineio.socket import Socket

    eio_sid = sio.eio.generate_id()
    socket = sio.eio.sockets[eio_sid] = Socket(sio.eio, eio_sid)
    socket.last_ping = None
    sid = sio.manager.connect(eio_sid, "/")
    assert sio.manager.is_connected(sid, "/")
    return socket


def test_the_handler_of_a_timeout_that_a_sender_finds_runs_without_the_lock() -> None:
    sio = socketio.Server(async_mode="threading")
    WholePackets.guard(sio, SocketIsClosedError)
    ended, emitted = threading.Event(), threading.Event()

    def emit() -> None:
        sio.emit("news", b"1")
        emitted.set()

    @sio.event
    def disconnect(sid: str, *reason: str) -> None:
        # Another thread sends, and the application's handler waits for it: whoever held the lock here would hang.
        threading.Thread(target=emit).start()
        if emitted.wait(5):
            ended.set()

    socket = _connected(sio)
    socket.last_ping = 1.0  # a ping of long ago, never answered
    sio.emit("news", b"1")
    assert ended.wait(5)


def test_a_disconnection_that_nobody_sends_at_is_handled_where_it_is_found() -> None:
    server, engine = guarded()
    engine.handlers["disconnect"]("a", "transport close")
    assert server.ended == [("a", "transport close")]


def test_a_second_broadcaster_on_a_server_guards_it_once() -> None:
    sio = socketio.Server(async_mode="threading")
    rs.attach(sio, authorize=rs.allow_everyone)
    guard = sio.eio.send_packet
    rs.attach(sio, authorize=rs.allow_everyone, namespace="/other")
    assert sio.eio.send_packet is guard
