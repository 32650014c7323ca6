"""How a stranger's value is shown in an error."""

SHOWN_CHARS = 60
SHOWN_VALUES = 4


def brief(value: object) -> str:
    """Return what a JSON value looks like, in a line, at a cost that does not grow with the value.

    `repr` walks all of it before anything can be cut off: half a second and three times the memory for 10 MB, and a
    `RecursionError` for what is nested deeply enough.
    """
    if isinstance(value, list) and len(value) <= SHOWN_VALUES:
        return f"[{', '.join(map(_inner, value))}]"
    return _inner(value)


def _inner(value: object) -> str:
    match value:
        case None | bool() | float():
            return repr(value)
        case int():
            # Python refuses to write thousands of digits, which JSON may have had in another notation.
            return repr(value) if value.bit_length() <= SHOWN_CHARS * 3 else "a huge integer"
        case str() | bytes():
            return repr(value[:SHOWN_CHARS]) + ("..." if len(value) > SHOWN_CHARS else "")
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object of {len(value)}"
    return f"a {type(value).__name__}"
