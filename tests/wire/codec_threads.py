"""Have 8 threads encode and decode with one codec object; a context shared by two of them would end the process.

.venv/bin/python -m tests.wire.codec_threads
"""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

from realtime_sync.jsontypes import Json
from realtime_sync.wire.codec import available_codecs, get_codec
from realtime_sync.wire.dictionary import Dictionary, uses_dictionary

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


def round_trips_with_dictionary(codec_name: str, dictionary: Dictionary, number: int) -> None:
    """The same with a dictionary that all threads share."""
    codec = get_codec(codec_name)
    assert uses_dictionary(codec), "only asked of one that does"
    value = document(number, 3)
    encoded = codec.encode_with(value, dictionary)
    for _ in range(ROUNDS):
        assert codec.encode_with(value, dictionary) == encoded, f"{codec_name} encoded another's document"
        decoded = codec.decode_with(encoded, {dictionary.id: dictionary})
        assert decoded == value, f"{codec_name} decoded another's document"


def races_of(codec_name: str) -> Iterator[Callable[[int], None]]:
    """Yield what threads shall do with a codec, all at once."""
    yield partial(round_trips, codec_name)
    codec = get_codec(codec_name)
    if uses_dictionary(codec):
        dictionary = codec.dictionary_of([codec.sample(document(number, 5)) for number in range(60)])
        assert dictionary is not None, "samples enough"
        yield partial(round_trips_with_dictionary, codec_name, dictionary)


def main() -> None:
    sys.setswitchinterval(1e-5)  # threads meet inside of calls more often than they do by chance
    for codec_name in available_codecs():
        for work in races_of(codec_name):
            failures = race(work)
            if failures:
                raise BaseExceptionGroup(codec_name, failures)
        print(codec_name, flush=True)


if __name__ == "__main__":
    main()
