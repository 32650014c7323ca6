"""Python source: parsed, counted, and its public names with what they say of themselves."""

import ast
import platform
import threading
import warnings
from collections import Counter
from collections.abc import Iterator

import attrs

from examples.agent_server.plain_text import byte_size, counted, first_line, readable, shortened
from examples.agent_server.reading import Content
from examples.agent_server.report import BrokenFile, Report, Totals, Worker

WORKER = Worker(agent_name="PythonReader", kind="parser", name="ast", version=platform.python_version())

MAX_NAMES = 200
"""Public names that are written out; a generated module may have 10,000."""

MAX_COMPLAINTS = 20
MAX_LINE_CHARACTERS = 110

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

_warnings_lock = threading.Lock()


@attrs.frozen
class PublicName:
    """A class, function or method that others may use."""

    signature: str
    line: int
    says: str
    indent: int


def is_python(suffix: str) -> bool:
    """Whether a file's suffix (`.py`) promises Python source."""
    return suffix in {".py", ".pyi", ".pyw"}


def examine_python(name: str, content: Content) -> Report:
    """Return counts and public names of a module.

    Raises:
        BrokenFile: It does not parse.
    """
    tree, complaints = _parse(name, content.head)
    try:
        return _report(name, content, tree, complaints)
    except RecursionError:
        raise BrokenFile("nested too deeply to be examined") from None


def _parse(name: str, source: bytes) -> tuple[ast.Module, list[str]]:
    # The parser warns of doubtful literals through filters that belong to the whole process, hence the lock; nothing is
    # slower for it, the parser holds the interpreter's own lock anyway.
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(source, filename=name)
        except SyntaxError as error:
            place = f"line {error.lineno}: " if error.lineno else ""
            raise BrokenFile(f"{place}{readable(error.msg)}") from None
        except ValueError as error:  # how older Pythons say that there is a NUL byte
            raise BrokenFile(readable(str(error))) from None
        except (RecursionError, MemoryError):  # the parser's two ways to say so
            raise BrokenFile("nested too deeply to be parsed") from None
    ours = [warning for warning in caught if warning.filename == name]
    return tree, [f"line {warning.lineno}: {readable(str(warning.message))}" for warning in ours]


def _report(name: str, content: Content, tree: ast.Module, complaints: list[str]) -> Report:
    counts = Counter(type(node) for node in ast.walk(tree))
    definitions = [node for node in ast.walk(tree) if isinstance(node, Definition)]
    functions = counts[ast.FunctionDef] + counts[ast.AsyncFunctionDef]
    classes = counts[ast.ClassDef]
    lines = content.head.count(b"\n") + (not content.head.endswith(b"\n") and bool(content.head))
    documented = sum(ast.get_docstring(node, clean=False) is not None for node in definitions)
    names = list(_public_names(tree))
    summary = ", ".join(
        [counted(lines, "line"), counted(classes, "class"), counted(functions, "function"), f"{len(names):,} public"]
    )
    paragraphs = [
        f"# {name}",
        shortened(first_line(ast.get_docstring(tree)), MAX_LINE_CHARACTERS)
        or "The module does not say what it is for.",
        f"{byte_size(content.size_bytes)}: {counted(lines, 'line')}, {counted(sum(counts.values()), 'syntax node')}, "
        f"{counted(counts[ast.Import] + counts[ast.ImportFrom], 'import')}.\n"
        f"{counted(classes, 'class')} and {counted(functions, 'function')} "
        f"({counts[ast.AsyncFunctionDef]:,} async); {documented:,} of {len(definitions):,} have a docstring.",
        _longest(definitions),
        _listing("Doubtful", [f"- {complaint}" for complaint in complaints], most=MAX_COMPLAINTS),
        _listing("Public names", [_written(public) for public in names], most=MAX_NAMES),
    ]
    return Report(
        worker=WORKER,
        result_type="Python source",
        summary=summary,
        text="\n\n".join(filter(None, paragraphs)) + "\n",
        totals=Totals(files=1, size_bytes=content.size_bytes, lines=lines, functions=functions, classes=classes),
    )


def _public_names(tree: ast.Module) -> Iterator[PublicName]:
    exported = _exported(tree)
    for node in tree.body:
        if isinstance(node, Definition) and (node.name in exported if exported else not node.name.startswith("_")):
            yield _public_name(node, indent=0)
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, Function) and not member.name.startswith("_"):
                        yield _public_name(member, indent=2)


def _exported(tree: ast.Module) -> frozenset[str]:
    """Return what a literal `__all__` names; nothing when there is none, or when it is computed."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=elements) | ast.Tuple(elts=elements)):
                return frozenset(str(element.value) for element in elements if isinstance(element, ast.Constant))
    return frozenset()


def _public_name(node: Definition, *, indent: int) -> PublicName:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        signature = f"class {node.name}({bases})" if bases else f"class {node.name}"
    else:
        prefix = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
        signature = f"{prefix} {node.name}({ast.unparse(node.args)}){returns}"
    says = shortened(first_line(ast.get_docstring(node)), MAX_LINE_CHARACTERS)
    return PublicName(shortened(readable(signature), MAX_LINE_CHARACTERS), node.lineno, says, indent)


def _written(public: PublicName) -> str:
    margin = " " * public.indent
    says = f"\n{margin}    {public.says}" if public.says else ""
    return f"{margin}{public.signature}  [line {public.line}]{says}"


def _longest(definitions: list[Definition]) -> str:
    functions = [node for node in definitions if isinstance(node, Function)]
    if not functions:
        return ""
    longest = max(functions, key=_length)
    return f"Longest function: {longest.name}, {counted(_length(longest), 'line')} from line {longest.lineno}."


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _listing(title: str, lines: list[str], *, most: int) -> str:
    if not lines:
        return ""
    more = [f"and {len(lines) - most:,} more"] if len(lines) > most else []
    return "\n".join([f"## {title}", "", *lines[:most], *more])
