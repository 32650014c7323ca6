"""Bytes that strangers send, made by hand, because no encoder would write them.

`SMALL` is data; `LARGE` and `HEAVY` are made when needed. Run as a program, this file prints all of it for decoders in
other languages, one JSON object a line:

    {"codec": name, "comment": what is wrong, "outcome": "refused" or "decoded", "zlib_base64": the input, packed}
"""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgpack
import orjson
import zstandard

MIB = 2**20
ROCKET = "\U0001f680".encode()

Corpus: TypeAlias = dict[str, tuple[str, bytes]]
"""Shape: {what is wrong: (codec, bytes)}."""


def gzip(data: bytes, level: int = 1) -> bytes:
    return zlib.compress(data, level, 31)


def deflate(data: bytes, level: int = 1) -> bytes:
    return zlib.compress(data, level, -15)


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def zstd_block(kind: int, size: int, body: bytes, *, last: bool) -> bytes:
    """Kinds: 0 raw, 1 one byte repeated `size` times, 2 compressed, 3 reserved. Source: RFC 8878, section 3.1.1.2."""
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + body


def zstd_frame(blocks: bytes, *, size: int | None = None, window_log: int = 17, dictionary: bytes = b"") -> bytes:
    """Return a frame with the header wanted. Source: RFC 8878, section 3.1.1.1."""
    descriptor = {0: 0, 1: 1, 2: 2, 4: 3}[len(dictionary)]
    window = bytes([window_log - 10 << 3])
    if size is not None:
        descriptor |= 0b1110_0000  # eight bytes of size, a single segment instead of a window
        window = b""
    declared = b"" if size is None else struct.pack("<Q", size)
    return b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + window + dictionary + declared + blocks


def spaces(count: int) -> bytes:
    """Return blocks of 4 bytes that each mean 128 KiB."""
    return zstd_block(1, 2**17, b" ", last=False) * count + zstd_block(1, 1, b" ", last=True)


FRAME_BYTES = orjson.dumps({"type": "closed", "epoch": "a1B2c3D4", "reason": "archived"})
RAW_BLOCK = zstd_block(0, len(FRAME_BYTES), FRAME_BYTES, last=True)
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
STORED_EMPTY = b"\x00\x00\x00\xff\xff"

_JSON = {
    "nothing": b"",
    "a space": b" ",
    "an open object": b"{",
    "a trailing comma in a list": b"[1,]",
    "a trailing comma in an object": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a bare key": b"{a:1}",
    "a key that is a number": b"{1:2}",
    "a missing colon": b'{"a" 1}',
    "NaN": b'{"a":NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "a float beyond doubles": b"[1e999]",
    "an integer beyond doubles": b"[" + b"9" * 400 + b"]",
    "a leading zero": b"[01]",
    "a plus": b"[+1]",
    "a bare fraction": b"[.5]",
    "a hexadecimal number": b"[0x10]",
    "undefined": b"[undefined]",
    "Python's True": b"[True]",
    "two values": b"{}{}",
    "a value and garbage": b"{} x",
    "a NUL behind the value": b"{}\x00",
    "a comment": b"/* */{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "an escaped lone surrogate": b'["\\ud800"]',
    "an escaped low surrogate": b'["\\udc00"]',
    "escaped surrogates in the wrong order": b'["\\udc00\\ud800"]',
    "a lone surrogate": b'["\xed\xa0\x80"]',
    "an overlong NUL": b'["\xc0\x80"]',
    "a byte that is not UTF-8": b'["\xff"]',
    "a character beyond Unicode": b'["\xf4\x90\x80\x80"]',
    "a bare line feed in a string": b'["\n"]',
    "an unknown escape": b'["\\x41"]',
    "half an escape": b'["\\u00"]',
    "an open string": b'["abc',
    "a closing bracket": b"]",
    "the wrong bracket": b'{"a":1]',
    "2**53": b"[9007199254740992]",
    "-2**53": b'{"a":{"b":-9007199254740992}}',
    "2**64 - 1": b"18446744073709551615",
    "a Position with an unsafe offset": b'{"epoch":"a","offset":9007199254740993}',
    "100,000 lists": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "300 levels": b"[" * 300 + b"]" * 300,
    "205 levels behind brackets in a string": b'["' + b"]" * 300 + b'",' + b"[" * 204 + b"]" * 205,
}

_MSGPACK = {
    "nothing": b"",
    "the reserved byte": b"\xc1",
    "a cut string": b"\xa5abc",
    "a cut integer": b"\xce\x00",
    "a cut float": b"\xcb\x00\x00",
    "a cut length": b"\xda\x00",
    "a list of one without it": b"\x91",
    "a map without its value": b"\x81\xa1a",
    "two values": b"\xc0\xc0",
    "4 billion elements in 5 bytes": b"\xdd\xff\xff\xff\xff",
    "4 billion members in 5 bytes": b"\xdf\xff\xff\xff\xff",
    "a string of 4 GiB in 5 bytes": b"\xdb\xff\xff\xff\xff",
    "lists of 65,535 in lists": b"\xdc\xff\xff" * 1_000,
    "lists of 500,000 in lists": b"\xdd\x00\x07\xa1\x20" * 1_000,
    "300 levels": b"\x91" * 300 + b"\xc0",
    "100,000 levels": b"\x91" * 100_000,
    "300 maps": b"\x81\xa1a" * 300 + b"\xc0",
    "empty binary": b"\xc4\x00",
    "binary": msgpack.packb([b"bytes"]),
    "long binary": msgpack.packb(b"x" * 300),
    "longer binary": msgpack.packb(b"x" * 70_000),
    "empty extension": b"\xc7\x00\x01",
    "long extension": b"\xc8\x00\x01\x01a",
    "longer extension": b"\xc9\x00\x00\x00\x01\x01a",
    "extension of 1": b"\xd4\x01a",
    "extension of 2": b"\xd5\x01ab",
    "extension of 8": b"\xd7\x01" + b"a" * 8,
    "extension of 16": b"\xd8\x01" + b"a" * 16,
    "a timestamp": b"\xd6\xff\x00\x00\x00\x00",
    "a key of bytes": b"\x81\xc4\x01a\x01",
    "an empty key of bytes": b"\x81\xc4\x00\x01",
    "a key that is a number": b"\x81\x01\x02",
    "a key that is nil": b"\x81\xc0\x02",
    "a key that is true": b"\x81\xc3\x02",
    "a key that is a list": b"\x81\x90\x02",
    "a key that is a map": b"\x81\x80\x02",
    "a key that is a float": b"\x81" + msgpack.packb(1.5) + b"\x02",
    "NaN": msgpack.packb(float("nan")),
    "infinity": msgpack.packb([float("inf")]),
    "minus infinity of 32 bits": b"\x91\xca\xff\x80\x00\x00",
    "2**53": msgpack.packb(2**53),
    "2**64 - 1": msgpack.packb([2**64 - 1]),
    "-2**53": msgpack.packb({"a": -(2**53)}),
    "a byte that is not UTF-8": b"\xa1\xff",
    "a lone surrogate": b"\xa3\xed\xa0\x80",
    "a key that is not UTF-8": b"\x81\xa1\xff\x01",
}

_GZIP = {
    "nothing": b"",
    "half a header": gzip(FRAME_BYTES)[:6],
    "another magic number": b"\x1f\x8c" + gzip(FRAME_BYTES)[2:],
    "another method": b"\x1f\x8b\x07" + gzip(FRAME_BYTES)[3:],
    "a wrong checksum": gzip(FRAME_BYTES)[:-8] + b"\x00\x00\x00\x00" + gzip(FRAME_BYTES)[-4:],
    "a wrong length": gzip(FRAME_BYTES)[:-4] + b"\x00\x00\x00\x00",
    "two members": gzip(FRAME_BYTES) * 2,
    "an empty member first": gzip(b"") + gzip(FRAME_BYTES),
    "50,000 empty members": gzip(b"") * 50_000,
    "padding": gzip(FRAME_BYTES) + b"\x00" * 512,
    "the zlib format": zlib.compress(FRAME_BYTES),
    "no container": zlib.compress(FRAME_BYTES, wbits=-15),
    "no compression at all": FRAME_BYTES,
    "a reserved block": gzip(b"")[:10] + b"\x07",
    "no end": gzip(b"")[:10] + STORED_EMPTY * 1_000,
    "compressed garbage": gzip(b"garbage"),
    "nothing, compressed": gzip(b""),
}


def _deflate_with_dictionary() -> bytes:
    compressor = zlib.compressobj(wbits=-15, zdict=FRAME_BYTES)
    return compressor.compress(FRAME_BYTES) + compressor.flush()


_DEFLATE = {
    "nothing": b"",
    "the zlib format": zlib.compress(FRAME_BYTES),
    "the gzip format": gzip(FRAME_BYTES),
    "two streams": deflate(FRAME_BYTES) * 2,
    "padding": deflate(FRAME_BYTES) + b"\x00" * 512,
    "a preset dictionary": _deflate_with_dictionary(),
    "a distance beyond the start": b"\x03\x02\x00",
    "a reserved block": b"\x07",
    "a stored block with another length": b"\x01\x02\x00\xff\xff[]",
    "no end": STORED_EMPTY * 1_000,
    "compressed garbage": deflate(b"garbage"),
    "nothing, compressed": deflate(b""),
}

_ZSTD = {
    "nothing": b"",
    "a magic number alone": b"\x28\xb5\x2f\xfd",
    "half a header": zstd_frame(b"", size=1)[:8],
    "an older format": b"\x27\xb5\x2f\xfd" + zstd(FRAME_BYTES)[4:],
    "no compression at all": FRAME_BYTES,
    "two frames": zstd(FRAME_BYTES) * 2,
    "padding": zstd(FRAME_BYTES) + b"\x00" * 512,
    "a skippable frame": SKIPPABLE,
    "a skippable frame first": SKIPPABLE + zstd(FRAME_BYTES),
    "a skippable frame behind": zstd(FRAME_BYTES) + SKIPPABLE,
    "an empty frame behind": zstd(FRAME_BYTES) + zstd(b""),
    "8 GiB declared": zstd_frame(RAW_BLOCK, size=2**33),
    "2**64 - 2 bytes declared": zstd_frame(RAW_BLOCK, size=2**64 - 2),
    "2**64 - 1 bytes declared": zstd_frame(RAW_BLOCK, size=2**64 - 1),
    "17 MiB declared": zstd_frame(RAW_BLOCK, size=17 * MIB),
    "a byte more declared than there is": zstd_frame(RAW_BLOCK, size=len(FRAME_BYTES) + 1),
    "a byte less declared than there is": zstd_frame(RAW_BLOCK, size=len(FRAME_BYTES) - 1),
    "no bytes declared": zstd_frame(RAW_BLOCK, size=0),
    **{f"a window of 2**{log} bytes": zstd_frame(RAW_BLOCK, window_log=log) for log in (25, 27, 28, 29, 30, 31, 41)},
    "a dictionary of one byte": zstd_frame(RAW_BLOCK, dictionary=b"\x01"),
    "a dictionary of four bytes": zstd_frame(RAW_BLOCK, size=len(FRAME_BYTES), dictionary=b"\x01\x02\x03\x04"),
    "a reserved block": zstd_frame(zstd_block(3, 1, b"x", last=True), size=1),
    "a reserved bit": b"\x28\xb5\x2f\xfd\x08" + zstd_frame(RAW_BLOCK)[5:],
    "a block over 128 KiB": zstd_frame(zstd_block(1, 2**18, b" ", last=True), window_log=20),
    "no last block": zstd_frame(zstd_block(1, 100, b" ", last=False)),
    "a wrong checksum": zstandard.ZstdCompressor(write_checksum=True).compress(FRAME_BYTES)[:-1] + b"\x00",
    "garbage in a compressed block": zstd_frame(zstd_block(2, 20, b"\xff" * 20, last=True), size=100),
    "16 GiB in 512 KiB": zstd_frame(spaces(2**17)),
    "compressed garbage": zstd(b"garbage"),
    "nothing, compressed": zstd(b""),
}


_ENVELOPE = {
    "nothing": b"",
    "nothing, as it is": b"\x00",
    "nothing, compressed": b"\x01",
    "no JSON, as it is": b"\x00garbage",
    "compressed, but said to be as it is": b"\x00" + deflate(FRAME_BYTES),
    "as it is, but said to be compressed": b"\x01" + FRAME_BYTES,
    "no envelope": FRAME_BYTES,
    "no envelope, compressed": deflate(FRAME_BYTES),
    "an envelope in an envelope": b"\x00\x00" + FRAME_BYTES,
    "no dictionary in use": b"\x02\x00\x00\x00\x00" + deflate(FRAME_BYTES),
    "the id of no dictionary": b"\x02" + _deflate_with_dictionary(),
    "an id cut short": b"\x02\x01\x02\x03",
    "no id": b"\x02",
    **{f"the first byte {first:#04x}": bytes([first]) + FRAME_BYTES for first in (0x03, 0x04, 0x7F, 0x80, 0xFF)},
}


def _compressed(corpus: dict[str, bytes]) -> dict[str, bytes]:
    """Return the same bytes where a codec expects compressed ones."""
    return {name: b"\x01" + data for name, data in corpus.items()}


def _named(codec: str, corpus: dict[str, bytes]) -> Iterator[tuple[str, tuple[str, bytes]]]:
    return ((f"{codec}: {name}", (codec, data)) for name, data in corpus.items())


SMALL: Corpus = dict(
    [
        *_named("json", _JSON),
        *_named("msgpack", _MSGPACK),
        *_named("json+gzip", _compressed(_GZIP)),
        *_named("json+deflate", _compressed(_DEFLATE)),
        *_named("json+zstd", _compressed(_ZSTD)),
        *_named("msgpack+zstd", _compressed(_ZSTD)),
        *_named("json+deflate+dictionary", _ENVELOPE),
        *_named("msgpack+zstd+dictionary", _ENVELOPE),
        *((f"in an envelope, {name}", entry) for name, entry in _named("json+deflate", _ENVELOPE)),
    ]
)
"""Each is refused with DecodeError."""


def _list_of(item: bytes, size: int = 16 * MIB) -> bytes:
    return b"[" + item * ((size - 3) // len(item)) + b"0]"


def _empty_huffman_blocks() -> bytes:
    """Return DEFLATE blocks that say in 90 bits which codes they use, and then nothing. Source: RFC 1951, 3.2.7."""
    value = bits = 0
    runs_and_ones = {18: 1, 1: 1}  # the two lengths in use, each written with one bit
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1)
    fields = [(0, 1), (2, 2), (0, 5), (0, 5), (len(order) - 4, 4), *((runs_and_ones.get(code, 0), 3) for code in order)]
    fields += [(1, 1), (138 - 11, 7), (1, 1), (118 - 11, 7), (0, 1), (0, 1), (0, 1)]  # 256 unused codes, two used, end
    for field, width in fields:
        value |= field << bits
        bits += width
    eight = sum(value << bits * number for number in range(8)).to_bytes(bits, "little")
    return eight * (16 * MIB // len(eight) - 1)


LARGE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "16 MiB of {},": ("json", lambda: _list_of(b"{},")),
    "16 MiB of {}, compressed": ("json+zstd", lambda: b"\x01" + zstd(_list_of(b"{},"))),
    "16 MiB of [ compressed": ("json+zstd", lambda: b"\x01" + zstd(b"[" * (16 * MIB))),
    "16 MiB of 1,": ("json", lambda: _list_of(b"1,")),
    "16 MiB of empty strings": ("json", lambda: _list_of(b'"",')),
    "16 MiB of quotes, compressed": ("json+deflate", lambda: b"\x01" + deflate(b'"' * (16 * MIB))),
    "16 MiB of escaped quotes": ("json", lambda: b'["' + b'\\"' * (8 * MIB - 4) + b'",NaN'),
    "16 MiB of digits": ("json", lambda: b"1" * (16 * MIB)),
    "16 MiB of objects in objects": ("json", lambda: _list_of(b'{"":' * 150 + b"0" + b"}" * 150 + b",")),
    "2 MiB of objects in objects": ("json", lambda: _list_of(b'{"":' * 150 + b"0" + b"}" * 150 + b",", 2 * MIB)),
    "a wide string": ("json+zstd", lambda: b"\x01" + zstd(b'"' + b"x" * (16 * MIB - 6) + ROCKET + b'"')),
    "400,000 wide strings": ("json", lambda: _list_of(b'"' + b"x" * 20 + ROCKET + b'",', 11 * MIB)),
    "an unsafe integer behind 450,000 lists": ("json", lambda: b"[" + b"[]," * 450_000 + b"9007199254740993]"),
    "bad UTF-8 at the end": ("json+gzip", lambda: b"\x01" + gzip(b'"' + b"x" * (16 * MIB - 3) + b'\xff"')),
    "16 MiB of nil": ("msgpack", lambda: b"\xdd" + struct.pack(">I", 16 * MIB - 5) + b"\xc0" * (16 * MIB - 5)),
    "lists of 400,000 in lists": ("msgpack", lambda: b"\xdd\x00\x06\x1a\x80" * (3 * MIB)),
    "lists that end in a list": ("msgpack", lambda: (b"\xdc\xff\xff" + b"\xc0" * 65_534) * 255),
    "maps in maps": ("msgpack", lambda: b"\xdd" + struct.pack(">I", 2_400) + (b"\x81\xa0" * 199 + b"\xc0") * 2_400),
    "a wide string of msgpack": (
        "msgpack+zstd",
        lambda: b"\x01" + zstd(b"\xdb" + struct.pack(">I", 16 * MIB - 8) + b"x" * (16 * MIB - 12) + ROCKET),
    ),
    "bad UTF-8 at the end of msgpack": (
        "msgpack+zstd",
        lambda: b"\x01" + zstd(b"\xdb" + struct.pack(">I", 16 * MIB - 8) + b"x" * (16 * MIB - 9) + b"\xff"),
    ),
    "50 MiB of spaces": ("json+gzip", lambda: b"\x01" + gzip(b" " * (50 * MIB))),
    "512 GiB of spaces": ("json+zstd", lambda: b"\x01" + zstd_frame(spaces(4 * MIB - 4))),
    "16 MiB of spaces": ("json+zstd", lambda: b"\x01" + zstd_frame(spaces(127))),
    "16 MiB of spaces, declared": ("json+zstd", lambda: b"\x01" + zstd_frame(spaces(127), size=127 * 2**17 + 1)),
    "5 million empty blocks": ("json+zstd", lambda: b"\x01" + zstd_frame(b"\x00\x00\x00" * (5 * MIB))),
    "a million empty Huffman blocks": ("json+deflate", lambda: b"\x01" + _empty_huffman_blocks()),
    "a header of 16 MiB": (
        "json+gzip",
        lambda: b"\x01\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03" + b"n" * (16 * MIB - 10),
    ),
    "16 MiB behind the stream": ("json+gzip", lambda: b"\x01" + gzip(b"[]") + b"x" * (16 * MIB - 30)),
    "16 MiB of {}, as they are": ("json+zstd", lambda: b"\x00" + _list_of(b"{},", 16 * MIB - 1)),
    "a byte too many": ("json", lambda: b" " * (16 * MIB) + b"1"),
}
"""Each is refused with DecodeError."""

HEAVY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "490,000 empty objects": ("json", lambda: _list_of(b"{},", 490_000 * 3)),
    "180,000 small objects": ("json+zstd", lambda: b"\x01" + zstd(_list_of(b'{"k":1.5},', 180_000 * 10))),
    "300,000 keys, all different": ("json", lambda: orjson.dumps({f"{number:06}": 0 for number in range(300_000)})),
    "a text of 16 MiB": ("json+gzip", lambda: b"\x01" + gzip(b'"' + b"x" * (16 * MIB - 2) + b'"')),
    "a wide text of 10 MiB": ("json+zstd", lambda: b"\x01" + zstd(b'"' + b"x" * (10 * MIB) + ROCKET + b'"')),
    "a text of nearly 16 MiB, as it is": (
        "json+zstd+dictionary",
        lambda: b"\x00" + b'"' + b"x" * (16 * MIB - 3) + b'"',
    ),
    "300,000 maps of msgpack": ("msgpack+zstd", lambda: b"\x01" + zstd(msgpack.packb([{}] * 300_000))),
}
"""Each is decoded, and takes much more memory than it has bytes."""


def corpus_line(codec: str, comment: str, outcome: str, data: bytes) -> str:
    """Return one input as JSON; 16 MiB of one thing are a few kilobytes in it."""
    packed = base64.b64encode(zlib.compress(data)).decode()
    return json.dumps({"codec": codec, "comment": comment, "outcome": outcome, "zlib_base64": packed})


def main() -> None:
    for name, (codec, data) in SMALL.items():
        print(corpus_line(codec, name, "refused", data))
    for corpus, outcome in ((LARGE, "refused"), (HEAVY, "decoded")):
        for name, (codec, make) in corpus.items():
            print(corpus_line(codec, name, outcome, make()))


if __name__ == "__main__":
    main()
