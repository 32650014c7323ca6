"""Have 8 threads encode and decode with one codec object; a context shared by two of them would end the process.

.venv/bin/python -m tests.wire.codec_threads
"""

import sys
import threading
from collections.abc import Callable
from functools import partial

from realtime_sync.jsontypes import Json
from realtime_sync.wire.codec import available_codecs, get_codec

THREADS = 8
ROUNDS = 1_500


def document(number: int, nodes: int) -> Json:
    """Return a document of its own for each thread, so that what one gets from another is seen."""
    return {"all_nodes": {f"{number}-{node}": {"status": "RUNNING", "result": "x" * node} for node in range(nodes)}}


def race(work: Callable[[int], None]) -> list[BaseException]:
    """Call `work(number)` in all threads at once; return what they raised."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def round_trips(codec_name: str, number: int) -> None:
    """Encode and decode documents of changing sizes: contexts that were used for a large one meet small ones."""
    codec = get_codec(codec_name)
    documents = [document(number, nodes) for nodes in (0, 1, 20)]
    encoded = [codec.encode(value) for value in documents]
    for turn in range(ROUNDS):
        which = turn % len(documents)
        assert codec.encode(documents[which]) == encoded[which], f"{codec_name} encoded another's document"
        assert codec.decode(encoded[which]) == documents[which], f"{codec_name} decoded another's document"


def main() -> None:
    sys.setswitchinterval(1e-5)  # threads meet inside of calls more often than they do by chance
    for codec_name in available_codecs():
        failures = race(partial(round_trips, codec_name))
        if failures:
            raise ExceptionGroup(codec_name, [error for error in failures if isinstance(error, Exception)])
        print(codec_name, flush=True)


if __name__ == "__main__":
    main()
