"""JSON Pointer: the address of a value inside a document.

Source: RFC 6901.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from realtime_sync.errors import InvalidPointer, PathNotFound
from realtime_sync.jsontypes import Json

_LONGEST_INDEX = 18  # more digits than any list has elements; int() refuses strings of thousands of digits
_MEMBERS_SHOWN = 5


def parse_pointer(text: str) -> tuple[str, ...]:
    """Return the unescaped reference tokens of `text`; `""`, the whole document, has none.

    `"/a~1b/0"` gives `("a/b", "0")`, and `"/"` gives `("",)`, the member whose key is empty.

    Raises:
        InvalidPointer: `text` does not begin with `/`, or has a `~` that neither `0` nor `1` follows.

    Source: RFC 6901, sections 3 and 4.
    """
    if not isinstance(text, str):
        raise InvalidPointer(f"a pointer is a string, not {json_name(text)}")
    if not text:
        return ()
    if text[0] != "/":
        raise InvalidPointer(f"{text!r:.200} is no pointer: it must be empty or begin with '/'")
    tokens = text[1:].split("/")
    if "~" not in text:
        return tuple(tokens)
    return tuple(_unescape(token, text) for token in tokens)


def _unescape(token: str, text: str) -> str:
    if token.count("~") != token.count("~0") + token.count("~1"):
        raise InvalidPointer(f"{text!r:.200} is no pointer: '~' must be written '~0', and '/' inside a key '~1'")
    return token.replace("~1", "/").replace("~0", "~")  # in this order: "~01" means "~1", not "/"


def escape_token(token: str) -> str:
    """Return `token` as it is written inside a pointer: `~` becomes `~0` and `/` becomes `~1`."""
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def format_pointer(tokens: Iterable[str | int]) -> str:
    """Return the pointer of `tokens`, keys and list indices from the root down."""
    return "".join(["/" + escape_token(str(token)) for token in tokens])


def array_index(token: str, length: int, *, allow_end: bool) -> int:
    """Return the list index that `token` names in a list of `length` elements.

    Args:
        token: ASCII digits without a leading zero, or, with `allow_end`, `-` for the place after the last element.
        length: How many elements the list has.
        allow_end: Whether the place after the last element may be named, as `add` does.

    Raises:
        PathNotFound: `token` is no index, or one that this list does not have.

    Source: RFC 6901, section 4.
    """
    if token.isdigit() and token.isascii() and (token[0] != "0" or token == "0"):
        index = int(token) if len(token) <= _LONGEST_INDEX else length + 1
        if index < length or (allow_end and index == length):
            return index
        raise PathNotFound(f"the list has {length} element{'' if length == 1 else 's'}")
    if token != "-":
        raise PathNotFound(f"{token!r} is no list index, which is written in digits without a leading zero")
    if not allow_end:
        raise PathNotFound("'-' means the place after the last element, and there is nothing yet")
    return length


def resolve(document: Json, pointer: str) -> Json:
    """Return the value that `pointer` names; not a copy.

    Raises:
        InvalidPointer: `pointer` is not an RFC 6901 pointer.
        PathNotFound: There is nothing at that place.
    """
    return walk(document, parse_pointer(pointer))


def walk(document: Json, tokens: Sequence[str]) -> Json:
    """Return the value that parsed `tokens` name; not a copy.

    Raises:
        PathNotFound: There is nothing at that place.
    """
    depth = 0
    try:
        for depth, token in enumerate(tokens, 1):  # noqa: B007 (read when the walk fails)
            document = child(document, token)
    except PathNotFound as error:
        raise located(error, tokens[:depth]) from None
    return document


def child(container: Json, token: str) -> Json:
    """Return the member or element that `token` names in `container`.

    Raises:
        PathNotFound: There is none; the text names no path, `located` adds it.
    """
    return container[existing_key(container, token)]  # type: ignore[index]


def existing_key(container: Json, token: str) -> str | int:
    """Return what `container` must be subscripted with to get at what `token` names: a key, or an index.

    Raises:
        PathNotFound: There is nothing of that name; the text names no path, `located` adds it.
    """
    if isinstance(container, dict):
        if token in container:
            return token
        raise PathNotFound(f"the object has {_members(container)}")
    if isinstance(container, list):
        return array_index(token, len(container), allow_end=False)
    raise not_a_container(container)


def not_a_container(value: Json) -> PathNotFound:
    """Return the error of looking for something inside a `value` that holds nothing."""
    return PathNotFound(f"the value above it is {json_name(value)}, which has nothing inside")


def located(error: PathNotFound, tokens: Sequence[str]) -> PathNotFound:
    """Return `error` with its place, the pointer of `tokens`, before its text."""
    return PathNotFound(f"'{format_pointer(tokens)}': {error.problem}")


def json_name(value: object) -> str:
    """Return what a person would call the type of `value`: "an object", "a string", "null"."""
    if value is None:
        return "null"
    return _JSON_NAMES.get(type(value), f"something of type {type(value).__name__}")


_JSON_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def _members(container: dict[str, Json]) -> str:
    if not container:
        return "no members"
    names = ", ".join(repr(name) for name in islice(container, _MEMBERS_SHOWN))
    more = len(container) - _MEMBERS_SHOWN
    return f"no such member, only {names}" + (f" and {more} more" if more > 0 else "")
