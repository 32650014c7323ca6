"""What only the threaded broadcaster does, or what only threads can make happen. Real threads, no sleeping."""

import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from realtime_sync.broadcast.memory_log import MemoryLog
from realtime_sync.broadcast.ports import Broadcaster, allow_everyone
from realtime_sync.broadcast.primitives import Primitives, Thread
from realtime_sync.broadcast.thread_runtime import ThreadRuntime
from realtime_sync.broadcast.threaded_broadcaster import DRAINERS, ThreadedBroadcaster
from realtime_sync.errors import ChannelClosed
from realtime_sync.testing import MemoryTransport
from tests.broadcast.threaded_world import ThreadedWorld

SUBSCRIBE = {"version": 1, "channel": "c", "request": "1", "codecs": [], "position": None}


def in_threads(*calls: Callable[[], Any]) -> None:
    """Call all of them at once, each in a thread; raise what one raised."""
    barrier, errors = threading.Barrier(len(calls)), list[BaseException]()

    def run(call: Callable[[], Any]) -> None:
        barrier.wait(timeout=30)
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Gate(MemoryTransport):
    """A transport that holds deliveries to clients back while its gate is closed.

    Attributes:
        reached: Set when a delivery waits at the closed gate.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open, self.reached = threading.Event(), threading.Event()
        self.open.set()

    async def deliver_to(self, sid: str, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.open.is_set():
            self.reached.set()
            assert self.open.wait(timeout=30)
        await super().deliver_to(sid, event, arguments)


@pytest.fixture
def gated_world() -> Any:
    world = ThreadedWorld()
    world.transport = Gate()
    yield world
    world.end()


def test_it_is_a_broadcaster() -> None:
    hub: Broadcaster = ThreadedBroadcaster(MemoryTransport(), authorize=allow_everyone)
    assert hub.get_stats().channels == 0


# ---- publishing ------------------------------------------------------------------------------------------------------


def test_the_first_change_goes_at_once_and_the_next_ones_collect_for_a_window(threaded_world: ThreadedWorld) -> None:
    channel = threaded_world.hub(window_ms=50).channel("c", initial={"n": 0})
    watcher = threaded_world.watcher().join_now()
    threaded_world.clock.advance(1)
    channel.publish({"n": 1})
    watcher.pump_now()
    assert watcher.document == {"n": 1}
    for n in (2, 3):
        channel.publish({"n": n})
    threaded_world.clock.advance(0.049)
    watcher.pump_now()
    assert watcher.document == {"n": 1}
    threaded_world.clock.advance(0.001)
    watcher.pump_now()
    assert watcher.document == {"n": 3}
    assert channel.position.offset == 3


def test_emits_of_eight_threads_while_it_runs_are_delivered_each_once_and_in_order(
    threaded_world: ThreadedWorld,
) -> None:
    hub = threaded_world.hub(max_queue_size=100_000)
    channels = [hub.channel(name, initial={}) for name in ("a", "b")]
    watchers = [threaded_world.watcher(name).join_now() for name in ("a", "b")]
    plain = threaded_world.transport.connect()
    for name in ("a", "b"):
        plain.enter_now(name)
    sending, ended = threading.Event(), threading.Event()

    def emit(thread: int) -> None:
        for number in range(250):
            if number == 125:
                assert sending.wait(timeout=30)
            hub.emit("wrote", [thread, number], room="ab"[number % 2])

    def pass_time() -> None:
        while not ended.is_set():
            threaded_world.clock.advance(0.05)
            if all(channel.position.offset > 1 for channel in channels):
                sending.set()

    ticking = threading.Thread(target=pass_time)
    ticking.start()
    in_threads(*(functools.partial(emit, thread) for thread in range(8)))
    ended.set()
    ticking.join()
    hub.flush_all()
    for parity, (watcher, channel) in enumerate(zip(watchers, channels, strict=True)):
        watcher.pump_now()
        assert len(watcher.events) == 8 * 125
        for thread in range(8):
            seen = [data[1] for _, data in watcher.events if data[0] == thread]
            assert seen == list(range(parity, 250, 2))
        assert channel.position.offset > 2, "it was sending while they emitted"
    assert len(plain.take()) == 8 * 250
    stats = hub.get_stats()
    assert stats.events == 8 * 250
    assert stats.total_dropped == 0


def test_edits_of_eight_threads_reach_subscribers_who_come_and_go(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub(window_ms=0)
    channel = hub.channel("c", initial={"texts": {str(n): "" for n in range(8)}})
    staying = threaded_world.watcher().join_now()

    def write(name: str) -> None:
        for number in range(50):
            channel.append_text(f"/texts/{name}", f"{number} ")
            with channel.edit() as doc:
                doc["texts"][name] += "| "

    def come_and_go() -> None:
        for _ in range(50):
            client = threaded_world.transport.connect()
            client.send_now("sync:subscribe", SUBSCRIBE)
            [(_, (_, body, answer))] = client.take()[:1]
            assert answer["outcome"] == "keyframe"
            assert set(body["document"]["texts"]) == {str(n) for n in range(8)}
            client.disconnect()

    in_threads(*(functools.partial(write, str(n)) for n in range(8)), come_and_go, come_and_go)
    channel.flush()
    staying.pump_now()
    expected = "".join(f"{number} | " for number in range(50))
    assert staying.document == {"texts": {str(n): expected for n in range(8)}}
    assert staying.status == "live"
    assert hub.get_stats().total_resyncs == 0
    assert (hub.sessions, channel.subscriber_count) == (1, 1)


def test_nothing_starts_before_the_first_client(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub()
    hub.channel("c", initial={"n": 1}).publish({"n": 2})
    hub.channel("c").watch(lambda: {"n": 3})
    hub.revoke(channel="c")
    assert threaded_world.clock.threads == 0
    watcher = threaded_world.watcher().join_now()
    threaded_world.clock.advance(0.05)
    watcher.pump_now()
    assert watcher.document == {"n": 3}


def test_a_watch_that_is_stopped_before_the_first_client_never_runs(threaded_world: ThreadedWorld) -> None:
    calls = []
    stop = threaded_world.hub().channel("c").watch(lambda: calls.append(1))
    stop()
    threaded_world.watcher().join_now()
    threaded_world.clock.advance(5)
    assert calls == []


def test_when_the_system_has_no_thread_the_next_capture_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    world = ThreadedWorld()
    refusing = [True]
    hub = world.hub(refusing=refusing)
    watcher = world.watcher().join_now()
    channel = hub.channel("c")
    channel.publish({"n": 1})
    assert "nobody can flush" in caplog.text
    refusing.clear()
    channel.publish({"n": 2})
    watcher.pump_now()
    assert watcher.document == {"n": 2}
    hub.close()
    world.end()


@pytest.mark.parametrize("option", ["authorize", "load"])
def test_a_coroutine_function_is_refused_where_no_loop_could_run_it(option: str) -> None:
    async def function(*_: Any) -> bool:
        return True

    options: dict[str, Any] = {"authorize": allow_everyone, option: function}
    with pytest.raises(TypeError, match=f"{option} is a coroutine function"):
        ThreadedBroadcaster(MemoryTransport(), **options)


# ---- joining ---------------------------------------------------------------------------------------------------------


def test_load_is_called_once_for_eight_who_ask_at_once_and_a_failure_is_everybodys(
    threaded_world: ThreadedWorld,
) -> None:
    calls: list[str] = []
    asking = threading.Barrier(8)
    documents: dict[str, Any] = {"good": {"n": 1}, "unknown": None}

    def load(name: str) -> Any:
        calls.append(name)
        return documents[name]  # "bad" is not there

    def authorize(*_: Any) -> bool:
        asking.wait(timeout=30)  # all eight ask before the first one loads
        return True

    threaded_world.hub(load=load, authorize=authorize)
    for name, outcome in (("good", "keyframe"), ("unknown", "waiting"), ("bad", "unavailable")):
        watchers = [threaded_world.watcher(name) for _ in range(8)]
        in_threads(*(watcher.join_now for watcher in watchers))
        assert [watcher.answers[0]["outcome"] for watcher in watchers] == [outcome] * 8
    assert calls.count("good") == 1


def test_what_is_published_while_a_document_is_loaded_wins(threaded_world: ThreadedWorld) -> None:
    loading, go = threading.Event(), threading.Event()

    def load(name: str) -> Any:
        loading.set()
        assert go.wait(timeout=30)
        return {"from": "database"}

    hub = threaded_world.hub(load=load)
    watcher = threaded_world.watcher()

    def publish() -> None:
        assert loading.wait(timeout=30)
        hub.channel("c").publish({"from": "application"})
        hub.channel("c").flush()
        go.set()

    in_threads(watcher.join_now, publish)
    watcher.pump_now()
    assert watcher.document == {"from": "application"}
    assert hub.channel("c").position.offset == 1


def test_requests_of_one_client_are_answered_one_after_the_other(threaded_world: ThreadedWorld) -> None:
    inside = threading.Semaphore(1)
    overlaps = []

    def authorize(*_: Any) -> bool:
        if not inside.acquire(blocking=False):
            overlaps.append(True)
        inside.release()
        return True

    hub = threaded_world.hub(authorize=authorize)
    for name in "abcdefgh":
        hub.channel(name, initial={})
    client = threaded_world.transport.connect()
    in_threads(
        *(functools.partial(client.send_now, "sync:subscribe", {**SUBSCRIBE, "channel": name}) for name in "abcdefgh")
    )
    assert overlaps == []
    assert hub.get_stats().subscriptions == 8
    assert hub.sessions == 1


# ---- revoking --------------------------------------------------------------------------------------------------------


def test_one_who_is_revoked_while_its_catch_up_is_sent_does_not_slip_through(gated_world: Any) -> None:
    hub, gate = gated_world.hub(), gated_world.transport
    channel = hub.channel("c", initial={"n": 0})
    channel.flush()
    watcher = gated_world.watcher()
    watcher.subscription.connected(gated_world.clock.now())
    gate.open.clear()

    def revoke() -> None:
        assert gate.reached.wait(timeout=30)
        hub.revoke(sid=watcher.client.sid)
        channel.publish({"n": "canary"})
        gate.open.set()

    [said] = watcher.subscription.outgoing()
    in_threads(functools.partial(watcher.client.send_now, said.event, said.message), revoke)
    channel.flush()
    assert "canary" not in repr(watcher.client.inbox)
    assert watcher.client.inbox[-1][1][2]["outcome"] == "forbidden"
    assert gate.rooms == {}
    assert channel.subscriber_count == 0


def test_a_revocation_while_authorize_answers_is_asked_again_and_only_of_that_request(
    threaded_world: ThreadedWorld,
) -> None:
    asked, go = threading.Event(), threading.Event()
    questions: list[str] = []

    def authorize(subscriber: Any, channel: str, action: str) -> bool:
        questions.append(channel)
        if questions == ["c"]:
            asked.set()
            assert go.wait(timeout=30)
        return questions.count(channel) == 1

    hub = threaded_world.hub(authorize=authorize)
    hub.channel("c", initial={"canary": 1})
    hub.channel("d", initial={})
    client = threaded_world.transport.connect()

    def revoke() -> None:
        assert asked.wait(timeout=30)
        hub.revoke(sid=client.sid, channel="c")
        go.set()

    def second() -> None:
        assert asked.wait(timeout=30)
        client.send_now("sync:subscribe", {**SUBSCRIBE, "channel": "d"})

    in_threads(functools.partial(client.send_now, "sync:subscribe", {**SUBSCRIBE, "channel": "c"}), revoke, second)
    answers = {arguments[0]: arguments[2]["outcome"] for _, arguments in client.inbox}
    assert answers == {"c": "forbidden", "d": "keyframe"}
    assert questions == ["c", "c", "d"]
    assert "canary" not in repr(client.inbox)


def test_a_fetch_that_was_allowed_before_a_revocation_tells_nothing_younger(threaded_world: ThreadedWorld) -> None:
    asked, go = threading.Event(), threading.Event()

    def authorize(*_: Any) -> bool:
        asked.set()
        assert go.wait(timeout=30)
        return True

    hub = threaded_world.hub(authorize=authorize)
    channel = hub.channel("c", initial={"n": 0})
    client = threaded_world.transport.connect()
    answers = []

    def fetch() -> None:
        answers.append(client.send_now("sync:fetch", {"channel": "c", "pointer": ""}))

    def revoke() -> None:
        assert asked.wait(timeout=30)
        hub.revoke(sid=client.sid)
        channel.publish({"n": "canary"})
        channel.flush()
        go.set()

    in_threads(fetch, revoke)
    assert answers == [{"error": "forbidden"}]


def test_a_thread_that_revokes_while_eight_publish_lets_nothing_through(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub(window_ms=0)
    channel = hub.channel("c", initial={"n": -1})
    watchers = [threaded_world.watcher().join_now() for _ in range(40)]

    def publish(thread: int) -> None:
        for number in range(30):
            channel.publish({"n": [thread, number]})

    def revoke() -> None:
        for number, watcher in enumerate(watchers):
            assert hub.revoke(sid=watcher.client.sid, channel="c") == 1
            channel.emit("canary", number)

    in_threads(*(functools.partial(publish, thread) for thread in range(8)), revoke)
    channel.flush()
    for number, watcher in enumerate(watchers):
        watcher.pump_now()
        assert [data for name, data in watcher.events if name == "canary" and data >= number] == []
        assert watcher.status == "forbidden"
    assert threaded_world.transport.rooms == {}


# ---- closing ---------------------------------------------------------------------------------------------------------


def test_close_is_idempotent_from_eight_threads_and_drains_what_was_captured_before(
    threaded_world: ThreadedWorld,
) -> None:
    hub = threaded_world.hub(window_ms=10_000)
    channel = hub.channel("c", initial={})
    watcher = threaded_world.watcher().join_now()
    emitted: list[int] = []

    def emit() -> None:
        for number in range(1_000):
            try:
                channel.emit("e", number)
            except ChannelClosed:
                return
            emitted.append(number)

    in_threads(emit, *[hub.close] * 8)
    watcher.pump_now()
    assert [data for _, data in watcher.events] == emitted
    with pytest.raises(ChannelClosed, match="broadcaster was closed"):
        channel.emit("e", -1)
    assert threaded_world.clock.threads == 0


def test_started_and_closed_a_thousand_times_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    for number in range(1_000):
        transport = MemoryTransport()
        with ThreadedBroadcaster(transport, authorize=allow_everyone, log=MemoryLog()) as hub:
            transport.connect()
            hub.channel("c").publish({"n": number})
            hub.channel("c").watch(lambda: {"watched": True})
    assert set(threading.enumerate()) - before == set()


def test_close_does_not_wait_for_a_transport_that_hangs_and_says_what_is_lost(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_sync.broadcast.threaded_broadcaster.STOP_S", 0.01)
    gate = Gate()
    hub = ThreadedBroadcaster(gate, authorize=allow_everyone, window_ms=0)
    channel = hub.channel("c", initial={"n": 0})
    channel.flush()
    client = gate.connect()
    client.send_now("sync:subscribe", SUBSCRIBE)
    gate.open.clear()
    channel.publish({"n": 1})
    assert gate.reached.wait(timeout=30)
    hub.close(timeout_s=0.01)
    assert "unsent changes in channels ['c']" in caplog.text
    assert "while 2 threads were still sending" in caplog.text, "the worker, and the one that drains"
    gate.open.set()


@pytest.mark.parametrize("threads", [0, 3, 100])
def test_close_drains_many_channels_with_few_threads(threads: int) -> None:
    started: list[Thread] = []

    def start(run: Callable[[], None]) -> Thread:
        if len(started) == threads:
            raise RuntimeError("can't start new thread")
        started.append(Primitives().start(run))
        return started[-1]

    transport = MemoryTransport()
    hub = ThreadedBroadcaster(transport, authorize=allow_everyone, runtime=ThreadRuntime(Primitives(start=start)))
    channels = [hub.channel(f"c{number}", initial={"n": number}) for number in range(40)]
    hub.close()
    assert [channel.position.offset for channel in channels] == [1] * 40
    assert len(started) <= DRAINERS


def test_a_watched_function_may_close_the_broadcaster(threaded_world: ThreadedWorld) -> None:
    hub = threaded_world.hub()
    channel = hub.channel("c")
    watcher = threaded_world.watcher().join_now()

    def last() -> dict[str, str]:
        channel.publish({"n": "last"})
        hub.close()
        return {"n": "too late"}

    channel.watch(last)
    threaded_world.clock.settle()
    watcher.pump_now()
    assert watcher.document == {"n": "last"}
    assert threaded_world.clock.threads == 0


def test_two_broadcasters_in_a_process_have_nothing_in_common() -> None:
    worlds = [ThreadedWorld(), ThreadedWorld()]
    hubs = [world.hub() for world in worlds]
    watchers = [world.watcher().join_now() for world in worlds]
    for number, hub in enumerate(hubs):
        hub.channel("c").publish({"hub": number})
        hub.channel("c").flush()
    for number, watcher in enumerate(watchers):
        watcher.pump_now()
        assert watcher.document == {"hub": number}
    hubs[0].close()
    hubs[1].channel("c").publish({"hub": "still there"})
    hubs[1].flush_all()
    watchers[1].pump_now()
    assert watchers[1].document == {"hub": "still there"}
    hubs[1].close()
    for world in worlds:
        world.end()
