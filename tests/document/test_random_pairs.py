"""Thousands of pairs of documents: the diff is right, the same under every hash seed, and shares nothing with them.

REALTIME_SYNC_RANDOM_PAIRS=50000 .venv/bin/pytest tests/document/test_random_pairs.py     # the full number
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from realtime_sync.document.diff import diff
from tests.document.checked_diff import assert_right
from tests.document.random_pairs import ADVERSARIAL, Pair, adversarial_pairs, random_pairs

pytestmark = pytest.mark.usefixtures("implementation")

RANDOM_PAIRS = int(os.environ.get("REALTIME_SYNC_RANDOM_PAIRS", "3000"))
ADVERSARIAL_PAIRS = 1_000
PARTS = 10  # of the random pairs: a failure names the part, and the pair's number in it


@pytest.mark.parametrize("part", range(PARTS))
def test_random_pairs(part: int) -> None:
    for number, pair in enumerate(random_pairs(RANDOM_PAIRS // PARTS, seed=part)):
        check(pair, number)


def test_adversarial_pairs() -> None:
    for number, pair in enumerate(adversarial_pairs(ADVERSARIAL_PAIRS)):
        check(pair, number)


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_every_adversarial_kind_makes_changes(kind: str) -> None:
    position = list(ADVERSARIAL).index(kind)
    pairs = list(adversarial_pairs(20 * len(ADVERSARIAL)))[position :: len(ADVERSARIAL)]
    assert sum(bool(diff(old, new)) for old, new in pairs) > len(pairs) // 2


def test_the_same_patches_come_out_under_every_hash_seed() -> None:
    children = [digesting(hash_seed) for hash_seed in ("1", "4242")]
    ours = digest_of_patches(RANDOM_PAIRS)
    assert [child.communicate()[0].strip() for child in children] == [ours, ours]


def check(pair: Pair, number: int) -> None:
    for text_append in (False, True):
        try:
            assert_right(*pair, text_append=text_append)
        except Exception as error:
            error.add_note(f"pair {number}, text_append={text_append}: {pair!r}")
            raise


def digest_of_patches(count: int) -> str:
    """Return a hash of every patch of `count` random and of all adversarial pairs, in order."""
    digest = hashlib.sha256()
    for number, (old, new) in enumerate(all_pairs(count)):
        digest.update(json.dumps(diff(old, new, text_append=number % 2 == 0)).encode() + b"\n")
    return digest.hexdigest()


def digesting(hash_seed: str) -> subprocess.Popen[str]:
    """Start a process that prints `digest_of_patches(RANDOM_PAIRS)`."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import digest_of_patches; print(digest_of_patches({RANDOM_PAIRS}))"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
    )


def all_pairs(count: int) -> Iterator[Pair]:
    return chain(random_pairs(count, seed=-1), adversarial_pairs(ADVERSARIAL_PAIRS))
