"""Every guard that the mutation check removes still stands where it says, and what shows its absence exists."""

from pathlib import Path

import pytest

from tests.mutants.guard import Guard
from tests.mutants.guards import GUARDS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "realtime_sync"


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_guard_stands_where_it_is_named(guard: Guard) -> None:
    text = (SOURCE / guard.file).read_text(encoding="utf-8")
    assert guard.remove_from(text) != text
    compile(guard.remove_from(text), guard.file, "exec")
    assert [path for path in guard.shown_by if not (ROOT / path).is_file()] == []


def test_no_two_guards_have_one_name() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_a_guard_that_was_moved_is_an_error() -> None:
    guard = Guard("g", "f.py", "if a:", "if True:")
    with pytest.raises(ValueError, match="found 2 times"):
        guard.remove_from("if a:\nif a:\n")
    with pytest.raises(ValueError, match="found 0 times"):
        guard.remove_from("")
