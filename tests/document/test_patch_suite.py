"""The official suite of RFC 6902, json-patch-tests (tests/data/json-patch-tests/README.md)."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from realtime_sync.document.equality import json_equal
from realtime_sync.document.patch import apply_patch, apply_patch_in_place, invert
from realtime_sync.errors import PatchError
from realtime_sync.jsontypes import Json, Patch

SUITE = Path(__file__).parents[1] / "data" / "json-patch-tests"


def records(name: str) -> Iterator[Any]:
    """Yield a parameter for each record of a file that the suite does not tell to leave out."""
    for number, record in enumerate(json.loads((SUITE / name).read_bytes())):
        if not record.get("disabled"):
            yield pytest.param(record, id=f"{name}-{number}-{record.get('comment', record.get('error', ''))}")


RECORDS = [*records("tests.json"), *records("spec_tests.json")]


def test_the_suite_is_whole() -> None:
    assert len(RECORDS) == 92 + 16


@pytest.mark.parametrize("apply", [apply_patch, apply_patch_in_place])
@pytest.mark.parametrize("record", RECORDS)
def test_record(record: dict[str, Any], apply: Callable[[Json, Patch], Json]) -> None:
    document = copy.deepcopy(record["doc"])
    if "error" in record:
        with pytest.raises(PatchError):
            apply(document, record["patch"])
        assert json_equal(document, record["doc"])
    else:
        assert json_equal(apply(document, record["patch"]), record["expected"])


@pytest.mark.parametrize("record", [record for record in RECORDS if "expected" in record.values[0]])
def test_the_inverse_of_a_record_leads_back(record: dict[str, Any]) -> None:
    undo = invert(record["doc"], record["patch"])
    assert json_equal(apply_patch(record["expected"], undo), record["doc"])


@pytest.mark.parametrize("comment", ["Toplevel scalar values OK?", "Whole document"])
def test_records_that_the_suite_leaves_open_apply_as_well(comment: str) -> None:
    [record] = [
        record for record in json.loads((SUITE / "tests.json").read_bytes()) if record.get("comment") == comment
    ]
    assert json_equal(apply_patch(record["doc"], record["patch"]), record.get("expected", record["doc"]))
