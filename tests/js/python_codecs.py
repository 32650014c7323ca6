"""The Python end of the codecs, for tests in JavaScript: a request a line on the standard input, an answer a line.

| request | answer |
|---|---|
| `{"learn": [value, ...], "codec"}` | `{"dictionary": content}` |
| `{"encode": value, "codec", "dictionary"?}` | `{"bytes": ...}` |
| `{"decode": bytes, "codec", "dictionary"?}` | `{"value": ...}` |

Bytes are written in Base64.
"""

import base64
import json
import sys
from typing import Any

from realtime_sync.wire.codec import get_codec
from realtime_sync.wire.dictionary import Dictionary, uses_dictionary


def answer(request: dict[str, Any]) -> dict[str, Any]:
    codec = get_codec(request["codec"])
    if uses_dictionary(codec):
        if "learn" in request:
            learned = codec.dictionary_of([codec.sample(value) for value in request["learn"]])
            assert learned is not None
            return {"dictionary": _text(learned.content)}
        if "dictionary" in request:
            dictionary = Dictionary(base64.b64decode(request["dictionary"]))
            if "encode" in request:
                return {"bytes": _text(codec.encode_with(request["encode"], dictionary))}
            return {"value": codec.decode_with(base64.b64decode(request["decode"]), {dictionary.id: dictionary})}
    if "encode" in request:
        return {"bytes": _text(codec.encode(request["encode"]))}
    return {"value": codec.decode(base64.b64decode(request["decode"]))}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


if __name__ == "__main__":
    main()
