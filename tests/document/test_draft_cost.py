"""A draft costs what its changes cost: counted in calls and in bytes, never in seconds."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from realtime_sync.document.draft import Draft, draft
from realtime_sync.jsontypes import Patch


def graph(nodes: int) -> dict[str, Any]:
    return {
        "all_nodes": {f"n{number}": {"status": "PENDING", "text": "x", "calls": []} for number in range(nodes)},
        "order": [f"n{number}" for number in range(nodes)],
        "rows": [{"id": number, "cells": [0, 1]} for number in range(nodes)],
    }


def stream(d: Draft) -> None:
    d["all_nodes"]["n7"]["text"] += " more"
    d.append_text("/all_nodes/n8/text", " more")


def set_members(d: Draft) -> None:
    for name in ("n1", "n50"):
        d["all_nodes"][name]["status"] = "DONE"
        d["all_nodes"][name]["calls"].append({"tool": "search", "arguments": {"q": "x"}})
    d["all_nodes"]["new"] = {"status": "PENDING"}
    del d["all_nodes"]["n2"]


def edit_elements(d: Draft) -> None:
    d["rows"][5]["cells"][0] = 1
    d["rows"][-1]["id"] = None
    d["order"][3] = "other"


def grow_and_shrink_a_list(d: Draft) -> None:
    d["order"].append("new")
    d["rows"].append({"id": -1, "cells": []})
    d["rows"][len(d["rows"]) - 1]["cells"].append(5)
    d["order"].extend(["a", "b"])
    d["order"].pop()


def write_and_take_back(d: Draft) -> None:
    d["all_nodes"]["n7"]["status"] = "DONE"
    d["all_nodes"]["n7"]["status"] = "PENDING"
    d["order"].append(d["order"].pop())


EDITS = [stream, set_members, edit_elements, grow_and_shrink_a_list, write_and_take_back]


def patch_of(document: Any, edit: Callable[[Draft], None]) -> Patch:
    with draft(document) as d:
        edit(d)
    return d.patch


def calls_of(run: Callable[[], object]) -> int:
    """Return how many Python and C functions `run` calls."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


def peak_bytes_of(run: Callable[[], object]) -> int:
    """Return how much memory `run` holds at most at one time, beyond what was held before."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("edit", EDITS)
def test_the_work_for_a_patch_does_not_depend_on_the_size_of_the_document(edit: Callable[[Draft], None]) -> None:
    small, large = graph(100), graph(10_000)
    assert len(patch_of(large, edit)) == len(patch_of(small, edit))
    assert calls_of(lambda: patch_of(large, edit)) == calls_of(lambda: patch_of(small, edit))


@pytest.mark.parametrize("edit", EDITS)
def test_no_large_container_is_copied_for_a_patch(edit: Callable[[Draft], None]) -> None:
    document = graph(10_000)
    smallest_copy = sys.getsizeof(document["order"])
    assert smallest_copy > 80_000
    assert peak_bytes_of(lambda: patch_of(document, edit)) < smallest_copy // 4


def test_appending_to_a_long_text_holds_only_what_was_appended() -> None:
    document = {"text": "x" * 2**20}

    def append_tokens() -> None:
        with draft(document) as d:
            for _ in range(1_000):
                d.append_text("/text", "token ")
        assert d.patch == [{"op": "append", "path": "/text", "value": "token " * 1_000}]

    assert peak_bytes_of(append_tokens) < 2**20 // 8


def test_appending_to_a_text_is_the_same_work_however_long_it_got() -> None:
    with draft({"text": ""}) as d:
        d.append_text("/text", "first")
        early = calls_of(lambda: d.append_text("/text", "token"))
        for _ in range(2_000):
            d.append_text("/text", "token")
        assert calls_of(lambda: d.append_text("/text", "token")) == early


def test_the_result_is_not_made_before_it_is_asked_for() -> None:
    document = graph(10_000)
    with draft(document) as d:
        d["all_nodes"]["n7"]["status"] = "DONE"
    smallest_copy = sys.getsizeof(document["all_nodes"])
    assert peak_bytes_of(lambda: d.patch) < 1_000
    assert peak_bytes_of(lambda: d.result) >= smallest_copy
    assert peak_bytes_of(lambda: d.result) < 1_000


def test_a_draft_leaves_nothing_to_the_garbage_collector() -> None:
    document = graph(100)

    def edit_all() -> None:
        for edit in EDITS:
            with draft(document) as d:
                edit(d)
                d["rows"].reverse()
                assert d["all_nodes"]["n9"]["calls"] == []
            assert d.result is not document

    gc.collect()
    gc.disable()
    try:
        edit_all()
        assert gc.collect() == 0
    finally:
        gc.enable()


def insert_at_the_head(d: Draft) -> None:
    d.insert(0, {"id": "new"})


def remove_in_the_middle(d: Draft) -> None:
    del d[500]


@pytest.mark.parametrize("edit", [insert_at_the_head, remove_in_the_middle])
def test_elements_that_only_moved_up_or_down_are_not_looked_into(edit: Callable[[Draft], None]) -> None:
    document = [{"id": number, "text": ["x" * 5_000]} for number in range(1_000)]

    def edit_once() -> None:
        assert len(patch_of(document, edit)) == 1

    assert peak_bytes_of(edit_once) < 20 * sys.getsizeof(document) < 5_000_000  # serialised, they take all of that
