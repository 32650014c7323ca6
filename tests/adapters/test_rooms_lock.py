"""Clients come, go and change rooms at the same time, and none of them gets lost."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import socketio
from bidict import bidict

from realtime_sync.adapters._rooms_lock import rooms_lock


def locked_manager() -> Any:
    manager = socketio.Server(async_mode="threading").manager
    rooms_lock(manager)
    return manager


class Interrupted(bidict[str, str]):
    """The members of a room; in the middle of the first entry another thread has its turn."""

    meanwhile: Callable[[], None] | None = None

    def __setitem__(self, sid: str, eio_sid: str) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().__setitem__(sid, eio_sid)


def test_who_enters_while_the_last_one_leaves_is_in_the_room() -> None:
    manager = locked_manager()
    first, second = manager.connect("eio-1", "/"), manager.connect("eio-2", "/")
    manager.basic_enter_room(first, "/", "room")
    room = manager.rooms["/"]["room"] = Interrupted(manager.rooms["/"]["room"])
    leaving = threading.Thread(target=manager.basic_leave_room, args=(first, "/", "room"))

    def leave() -> None:
        leaving.start()
        leaving.join(0.05)
        assert leaving.is_alive(), "it waits for its turn"

    room.meanwhile = leave
    manager.basic_enter_room(second, "/", "room")
    leaving.join()
    assert [sid for sid, _ in manager.get_participants("/", "room")] == [second]


@pytest.mark.usefixtures("hurried")
def test_eight_threads_of_clients_leave_nothing_behind_and_lose_nobody() -> None:
    manager = locked_manager()
    failures: list[BaseException] = []

    def come_and_go(worker: int) -> None:
        try:
            for number in range(150):
                sid = manager.connect(f"eio-{worker}-{number}", "/")
                manager.basic_enter_room(sid, "/", "room")
                assert manager.is_connected(sid, "/")
                assert sid in dict(manager.get_participants("/", "room"))
                manager.pre_disconnect(sid, "/")
                manager.basic_disconnect(sid, "/")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert manager.rooms == {}
    assert manager.pending_disconnect == {}


def test_the_members_of_a_room_are_those_of_one_moment() -> None:
    manager = locked_manager()
    sids = [manager.connect(f"eio-{number}", "/") for number in range(3)]
    for sid in sids:
        manager.basic_enter_room(sid, "/", "room")
    seen = manager.get_participants("/", "room")
    manager.basic_leave_room(sids[1], "/", "room")
    assert [sid for sid, _ in seen] == sids


def test_there_is_one_lock_for_a_server() -> None:
    manager = locked_manager()
    assert rooms_lock(manager) is rooms_lock(manager)
