"""Codecs by name: the built-in ones, those that an application registers, those that other packages bring."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given

from realtime_sync.errors import DecodeError, InvalidName, LimitExceeded, UnknownCodec
from realtime_sync.jsontypes import Json
from realtime_sync.limits import Limits
from realtime_sync.testing.strategies import json_values, task_graphs
from realtime_sync.wire import codec as codec_module
from realtime_sync.wire.codec import Codec, available_codecs, get_codec, register_codec
from realtime_sync.wire.frames import DEFAULT_LIMITS

BUILT_IN = (
    *("json", "json+gzip", "json+zstd", "json+deflate", "json+zstd+dictionary", "json+deflate+dictionary"),
    *("msgpack", "msgpack+gzip", "msgpack+zstd", "msgpack+deflate"),
    *("msgpack+zstd+dictionary", "msgpack+deflate+dictionary"),
)
EACH = pytest.mark.parametrize("name", BUILT_IN)

Install = Callable[..., None]


@attrs.frozen
class Reversed:
    """A codec of another package: JSON, backwards."""

    name: str = "reversed"
    is_text: bool = False

    def encode(self, obj: Json) -> bytes:
        return get_codec("json").encode(obj)[::-1]

    def decode(self, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Json:
        return get_codec("json").decode(data[::-1], limits=limits)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(codec_module, "_codecs", dict(codec_module._codecs))
    codec_module._installed.cache_clear()
    yield
    codec_module._installed.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package with a module and entry points, as far as Python can tell."""

    def install_package(package: str, source: str, **entries: str) -> None:
        (tmp_path / f"{package}.py").write_text(source)
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {target}" for name, target in entries.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[realtime_sync.codecs]", *lines, ""]))

    monkeypatch.syspath_prepend(tmp_path)
    return install_package


PLUGIN = """
from tests.wire.test_codec import Reversed

codec = Reversed()
impostor = Reversed(name="json")
spaced = Reversed(name="two words")
other = Reversed(name="other")
number = 7
"""


def test_built_in_codecs_come_first_and_in_this_order() -> None:
    assert available_codecs()[: len(BUILT_IN)] == BUILT_IN


@EACH
def test_a_codec_is_found_under_its_name(name: str) -> None:
    codec = get_codec(name)
    assert codec.name == name
    assert codec is get_codec(name)
    assert codec.is_text is (name == "json")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownCodec, match=r"no codec 'json\+brotli'; available: json, json\+gzip"):
        get_codec("json+brotli")
    with pytest.raises(LookupError):
        get_codec("")


@EACH
@given(json_values())
def test_what_was_encoded_is_decoded_exactly(name: str, value: Json) -> None:
    codec = get_codec(name)
    encoded = codec.encode(value)
    assert type(encoded) is bytes
    assert repr(codec.decode(encoded)) == repr(value)
    assert codec.encode(value) == encoded


@EACH
@given(task_graphs())
def test_graphs_are_decoded_exactly(name: str, graph: dict[str, Any]) -> None:
    codec = get_codec(name)
    assert codec.decode(codec.encode(graph)) == graph


@EACH
def test_each_limit_on_size_holds_by_itself(name: str) -> None:
    codec = get_codec(name)
    encoded, plain = codec.encode("x" * 5_000), get_codec(name.split("+")[0]).encode("x" * 5_000)
    fitting = Limits(max_encoded_bytes=len(encoded), max_decoded_bytes=len(plain))
    assert codec.decode(encoded, limits=fitting) == "x" * 5_000
    for limit in ("max_encoded_bytes", "max_decoded_bytes"):
        allowed = getattr(fitting, limit) - 1
        with pytest.raises(LimitExceeded) as refusal:
            codec.decode(encoded, limits=attrs.evolve(fitting, **{limit: allowed}))
        assert (refusal.value.codec, refusal.value.limit, refusal.value.allowed) == (name, limit, allowed)


def test_a_larger_document_is_decoded_under_limits_raised_by_name() -> None:
    document = {str(number): [{"text": "x" * 20, "n": number}] for number in range(130_000)}
    encoded = get_codec("json+zstd").encode(document)
    with pytest.raises(LimitExceeded, match="max_elements"):
        get_codec("json+zstd").decode(encoded)
    with pytest.raises(LimitExceeded, match="max_memory_bytes"):
        get_codec("json+zstd").decode(encoded, limits=Limits(max_elements=1_000_000))
    raised = Limits(max_elements=1_000_000, max_memory_bytes=200 * 2**20)
    assert get_codec("json+zstd").decode(encoded, limits=raised) == document


@EACH
def test_errors_name_the_codec(name: str) -> None:
    with pytest.raises(DecodeError, match="not a frame of codec") as refusal:
        get_codec(name).decode(b"\xc1")
    assert refusal.value.codec == name


def test_a_registered_codec_is_found_behind_the_built_in_ones() -> None:
    register_codec(Reversed())
    assert get_codec("reversed").encode([1]) == b"]1["
    assert available_codecs() == (*BUILT_IN, "reversed")


@pytest.mark.parametrize("name", ["json", "msgpack+zstd", "taken"])
def test_a_name_that_is_taken_needs_an_explicit_word(name: str) -> None:
    register_codec(Reversed(name="taken"))
    with pytest.raises(InvalidName, match="replace=True"):
        register_codec(Reversed(name=name))
    mine = Reversed(name=name)
    register_codec(mine, replace=True)
    assert get_codec(name) is mine
    assert available_codecs() == (*BUILT_IN, "taken")


@pytest.mark.parametrize("name", ["", "two words", "caf\u00e9", "x" * 65, "line\n", 7, None])
def test_a_name_that_could_not_travel_is_refused(name: Any) -> None:
    with pytest.raises(InvalidName):
        register_codec(Reversed(name=name))


@pytest.mark.parametrize("codec", [None, object(), Reversed, Reversed(is_text="no")])  # type: ignore[arg-type]
def test_what_is_no_codec_is_refused(codec: Any) -> None:
    with pytest.raises((TypeError, InvalidName)):
        register_codec(codec)


def test_codecs_of_installed_packages_are_found(install: Install) -> None:
    install("their_codecs", PLUGIN, reversed="their_codecs:codec", other="their_codecs:other")
    assert available_codecs() == (*BUILT_IN, "other", "reversed")
    codec: Codec = get_codec("reversed")
    assert codec.decode(codec.encode({"a": [1]})) == {"a": [1]}


def test_built_in_codecs_are_found_without_looking_at_packages(install: Install) -> None:
    install("their_codecs", "raise AssertionError('imported')", bad="their_codecs:codec")
    assert [get_codec(name).name for name in BUILT_IN] == list(BUILT_IN)


def test_packages_are_looked_at_once(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("broken_codecs", "raise OSError('no library')", bad="broken_codecs:codec")
    for _ in range(3):
        with pytest.raises(UnknownCodec):
            get_codec("unheard of")
    assert len(caplog.records) == 1


def test_a_broken_package_is_left_out_and_logged_and_takes_no_other_with_it(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("broken_codecs", "raise OSError('no library')", bad="broken_codecs:codec")
    install(
        "their_codecs",
        PLUGIN,
        **{"a number": "their_codecs:number", "gone": "their_codecs:gone", "impostor": "their_codecs:impostor"},
        **{"reversed": "their_codecs:codec", "again": "their_codecs:codec", "spaced": "their_codecs:spaced"},
    )
    with caplog.at_level(logging.WARNING, logger="realtime_sync"):
        assert available_codecs() == (*BUILT_IN, "reversed")
    messages = [record.getMessage() for record in caplog.records]
    assert [message.split(" = ")[0].removeprefix("realtime_sync.codecs: ") for message in messages] == [
        *("a number", "bad", "gone", "impostor", "reversed", "spaced")
    ]
    assert "no library" in messages[1]
    assert get_codec("json").name == "json"
    assert get_codec("json").decode(b"[1]") == [1]


def test_a_registered_codec_wins_over_an_installed_one(install: Install) -> None:
    install("their_codecs", PLUGIN, reversed="their_codecs:codec")
    with pytest.raises(InvalidName):
        register_codec(Reversed())
    mine = Reversed()
    register_codec(mine, replace=True)
    assert get_codec("reversed") is mine


def test_a_codec_that_could_use_dictionaries_but_for_a_method_is_refused() -> None:
    class Half(Reversed):
        def encode_with(self, obj: Json, dictionary: object) -> bytes:
            raise NotImplementedError

        def sample(self, obj: Json) -> bytes:
            raise NotImplementedError

    with pytest.raises(TypeError, match="has no decode_with and no dictionary_of and no enclose and no content"):
        register_codec(Half(name="half"))
    assert "half" not in available_codecs()
