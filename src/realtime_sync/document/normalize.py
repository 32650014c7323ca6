"""The one door for values: whatever an application holds becomes normal JSON here, or is refused with a remedy.

What is plain JSON already is checked and copied in C (`_plain_copy.c`), where that could be built. Where anything is to
be converted or refused, it is this file's turn, with the whole value.
"""

import collections
import dataclasses
import datetime
import decimal
import math
import types
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, TypeGuard

import attrs

from realtime_sync.document.pointer import format_pointer
from realtime_sync.errors import InvalidValue
from realtime_sync.jsontypes import MAX_SAFE_INTEGER, Json
from realtime_sync.limits import Limits

try:
    from realtime_sync.document import _speedups
except ImportError:  # as in `unchanged.py`
    _speedups = None  # type: ignore[assignment]

Default: TypeAlias = Callable[[Any], Any]
"""As in `json.dumps`: takes a value that is no JSON, returns one that is nearer to it, or raises."""

BigIntegers: TypeAlias = Literal["refuse", "string"]

_DEFAULT_LIMITS = Limits()
_MAX_CONVERSIONS = 20  # an Enum of a dataclass takes two; a `default` that never arrives takes them all
_SHOWN_BITS = 256  # str() refuses integers of thousands of digits, and nobody reads them

PlainCopy: TypeAlias = Callable[[object, int, int, int], Any]
"""Takes a value, how many containers it stands inside of, `max_depth` and `max_elements`; returns a copy, or
NotImplemented when not all of it is plain and normal."""


def _leave_it_to_python(value: object, depth: int, max_depth: int, max_elements: int, /) -> Any:
    return NotImplemented


PLAIN_COPIES: dict[str, PlainCopy] = {"Python": _leave_it_to_python}
"""What there is on this machine, the best one last; see `unchanged.IMPLEMENTATIONS`."""
if _speedups is not None:
    PLAIN_COPIES["C"] = _speedups.plain_copy

plain_copy = list(PLAIN_COPIES.values())[-1]


def normalize(
    value: object,
    *,
    default: Default | None = None,
    big_integers: BigIntegers = "refuse",
    limits: Limits = _DEFAULT_LIMITS,
) -> Json:
    """Return a copy of `value` as normal JSON; it shares no list and no dict with `value`.

    Converted are subclasses of the JSON types, mappings, sequences, attrs classes and dataclasses (their fields under
    the names of the attributes, a leading underscore included), pydantic models (`model_dump(mode="json")`), `Enum`
    (its value), `datetime`, `date` and `time` (ISO 8601), `UUID` and `Path` (text). Keys must be strings.

    Args:
        value: Anything.
        default: Called with what is none of the above; what it returns is normalised again.
        big_integers: `"string"` converts integers that a JavaScript number could not hold.
        limits: `max_depth` and `max_elements` count here.

    Raises:
        InvalidValue: Something inside `value` is no JSON; names its path, what is wrong and the remedy.
    """
    return Normalizer(default, big_integers, limits)(value)


@attrs.frozen
class Normalizer:
    """`normalize` with its options chosen: what a channel or a diff applies to every value that it takes over."""

    default: Default | None = None
    big_integers: BigIntegers = attrs.field(default="refuse", validator=attrs.validators.in_(("refuse", "string")))
    limits: Limits = _DEFAULT_LIMITS

    def __call__(self, value: object, path: str = "", depth: int = 0) -> Json:
        """Return a copy of `value` as normal JSON.

        Args:
            value: Anything.
            path: Pointer of the place where `value` will stand; errors begin with it.
            depth: How many containers that place is inside of.

        Raises:
            InvalidValue: Something inside `value` is no JSON.
        """
        limits = self.limits
        copy = plain_copy(value, depth, limits.max_depth, limits.max_elements)
        if copy is not NotImplemented:
            return copy  # type: ignore[no-any-return]
        try:
            return _Pass(self).convert(value, depth)
        except _Refused as refused:
            place = path + format_pointer(reversed(refused.tokens))
            raise InvalidValue(place, refused.problem, refused.remedy) from refused.__cause__
        except RecursionError as error:
            problem = "nested more deeply than the call stack has room for"
            raise InvalidValue(path, problem, "call from a less deeply nested function") from error


class _Refused(Exception):
    """What is wrong, without its place: that is added on the way out, so that good values never pay for a path."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy
        self.tokens: list[str | int] = []  # innermost first


class _Pass:
    """One walk over one value, with the number of elements that it may still meet."""

    __slots__ = ("_elements_left", "_options")

    def __init__(self, options: Normalizer) -> None:
        self._options = options
        self._elements_left = options.limits.max_elements - 1  # the root is one

    def convert(self, value: object, depth: int) -> Json:
        return _BY_TYPE.get(type(value), _Pass._foreign)(self, value, depth)

    def _object(self, members: Mapping[Any, Any], depth: int) -> Json:
        self._enter(members, depth)
        result: dict[str, Any] = {}
        depth += 1
        for key, value in members.items():
            if type(key) is not str or not key.isascii():
                key = _key(key)
            try:
                result[key] = _BY_TYPE.get(type(value), _Pass._foreign)(self, value, depth)
            except _Refused as refused:
                refused.tokens.append(key)
                raise
        if len(result) != len(members):
            raise _Refused("two of its keys are the same string", "give every member a key of its own")
        return result

    def _array(self, elements: Sequence[Any], depth: int) -> Json:
        self._enter(elements, depth)
        result: list[Any] = []
        depth += 1
        for value in elements:
            try:
                result.append(_BY_TYPE.get(type(value), _Pass._foreign)(self, value, depth))
            except _Refused as refused:
                refused.tokens.append(len(result))
                raise
        return result

    def _enter(self, container: Mapping[Any, Any] | Sequence[Any], depth: int) -> None:
        """Count a container before it is copied: whatever it is, it costs no more memory than the limits allow."""
        limits = self._options.limits
        if depth >= limits.max_depth:
            problem = f"more than {limits.max_depth} containers inside each other (max_depth)"
            raise _Refused(problem, "break the cycle, if it contains itself, or make it flatter")
        self._elements_left -= len(container)
        if self._elements_left < 0:
            problem = f"more than {limits.max_elements} values together (max_elements)"
            raise _Refused(problem, "raise Limits(max_elements=...), or spread it over several channels")

    def _unchanged(self, value: Json, _: int) -> Json:
        return value

    def _text(self, value: str, _: int) -> Json:
        if not value.isascii():
            _refuse_surrogates(value, "the string")
        return value

    def _number(self, value: float, _: int) -> Json:
        if not math.isfinite(value):
            raise _Refused(f"{value} is no JSON number", "send None or a string in its place")
        return value

    def _integer(self, value: int, _: int) -> Json:
        if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return value
        if _is_endless(value):
            problem = f"an integer of {value.bit_length()} bits"
            raise _Refused(problem, "send it as a string, in hexadecimal for example")
        if self._options.big_integers == "string":
            return str(value)
        problem = f"the integer {value} is beyond +-(2**53 - 1), so a JavaScript number cannot hold it"
        raise _Refused(problem, 'make it a string; normalize(value, big_integers="string") does so for a whole value')

    def _foreign(self, value: object, depth: int) -> Json:
        for _ in range(_MAX_CONVERSIONS):
            value = self._nearer_to_json(value)
            if convert := _BY_TYPE.get(type(value)):
                return convert(self, value, depth)
            if isinstance(value, Mapping):
                return self._object(value, depth)
            if _is_sequence(value):
                return self._array(value, depth)
        problem = f"{_MAX_CONVERSIONS} conversions in a row gave no JSON, the last one of type {type(value).__name__}"
        raise _Refused(problem, _FIX_DEFAULT)

    def _nearer_to_json(self, value: object) -> object:
        """Return `value` after one conversion; a mapping or a sequence is near enough already."""
        for kinds, convert in _CONVERSIONS:
            if isinstance(value, kinds):
                return convert(value)
        if _is_pydantic(value):
            return value.model_dump(mode="json")  # type: ignore[attr-defined]
        if attrs.has(cls := type(value)):
            return _fields(value, (field.name for field in attrs.fields(cls)))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _fields(value, (field.name for field in dataclasses.fields(value)))
        if isinstance(value, Mapping) or _is_sequence(value):
            return value
        return self._converted_by_default(value)

    def _converted_by_default(self, value: object) -> object:
        default = self._options.default
        if default is None:
            raise _Refused(f"{type(value).__name__} is no JSON type", _remedy(value))
        try:
            result = default(value)
        except TypeError as error:  # how a `default` says that it does not know this type either, as in json.dumps
            raise _Refused(f"`default` refused it: {error}", _remedy(value)) from error
        if result is value:
            raise _Refused(f"`default` returned the {type(value).__name__} that it was given", _FIX_DEFAULT)
        return result


_BY_TYPE: dict[type, Callable[[_Pass, Any, int], Json]] = {
    str: _Pass._text,
    dict: _Pass._object,
    bool: _Pass._unchanged,
    type(None): _Pass._unchanged,
    int: _Pass._integer,
    float: _Pass._number,
    list: _Pass._array,
    tuple: _Pass._array,
}


def _key(key: object) -> str:
    """Return `key` as a plain string."""
    if isinstance(key, Enum) and isinstance(key.value, str):
        key = key.value
    if not isinstance(key, str):
        shown = "" if _is_endless(key) else f" {key!r:.100}"
        problem = f"the key{shown} is of type {type(key).__name__}, not a string"
        raise _Refused(problem, "convert the keys with str()")
    _refuse_surrogates(key, "the key")
    return str.__str__(key)


def _is_endless(value: object) -> bool:
    """Return whether `value` is an integer that str() may refuse to write."""
    return isinstance(value, int) and value.bit_length() > _SHOWN_BITS


_REPAIR_TEXT = 'repair it with text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")'


def _refuse_surrogates(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        problem = f"{name} {text!r:.100} has a lone surrogate at position {error.start}"
        raise _Refused(problem, _REPAIR_TEXT) from None


def _fields(value: object, names: Iterable[str]) -> dict[str, Any]:
    try:
        return {name: getattr(value, name) for name in names}
    except AttributeError as error:
        raise _Refused(f"a field of this {type(value).__name__} is not set ({error})", "set it first") from error


# In this order: an Enum may be a string or an integer too. The unbound methods give the exact type whatever a subclass
# overrides (`str.__str__` and its kind copy a subclass into a plain value).
_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    ((datetime.date, datetime.time), lambda value: value.isoformat()),  # a datetime is a date
    ((uuid.UUID, PurePath), str),
)

_NO_SEQUENCES = (str, bytes, bytearray, memoryview, collections.UserString)


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, _NO_SEQUENCES)


def _is_pydantic(value: object) -> bool:
    return callable(getattr(type(value), "model_dump", None))


_FIX_DEFAULT = "let `default` return JSON, or raise TypeError"

_REMEDIES: tuple[tuple[Any, str], ...] = (
    ((bytes, bytearray, memoryview), "decode it to a string, or encode it with base64"),
    (Set, "convert it to a list, with sorted() if the order should not change from time to time"),
    (decimal.Decimal, "convert it with str(), which is exact, or with float()"),
    (complex, "send its real and imaginary parts"),
    (datetime.timedelta, "send its total_seconds()"),
    (types.GeneratorType, "collect it first, with list()"),
    (type, "send an instance, or the name of the class"),
)


def _remedy(value: object) -> str:
    known = next((remedy for kinds, remedy in _REMEDIES if isinstance(value, kinds)), "convert it first")
    return f"{known}, or pass default=fn to attach() or normalize(), where fn returns JSON for it"


NORMALIZE = Normalizer()
