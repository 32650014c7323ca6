"""The library says what it has to say through the logger `realtime_sync`, and prints nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "realtime_sync"
LOUD = {"print", "pprint", "sys.stdout", "sys.stderr", "warnings.warn", "logging.basicConfig"}
OURS = ("realtime_sync",)


def said(tree: ast.AST) -> Iterator[str]:
    """Yield what prints, and what logs elsewhere than with our own logger."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and (name := ast.unparse(node)) in LOUD:
            yield f"line {node.lineno}: {name}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {f"logging.{level}" for level in ("debug", "info", "warning", "error", "exception", "log")}:
                yield f"line {node.lineno}: {called}, which is the root logger's"
            if called == "logging.getLogger":
                names = tuple(ast.literal_eval(argument) for argument in node.args)
                if names != OURS:
                    yield f"line {node.lineno}: the logger {names}"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_python_prints_nothing_and_logs_by_one_logger(path: Path) -> None:
    assert list(said(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", sorted(SOURCE.glob("js/**/*.js")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_javascript_prints_nothing(path: Path) -> None:
    assert "console." not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["print(1)", "sys.stderr.write('')", "logging.info('')", "logging.getLogger()", "logging.getLogger('x')"]
)
def test_what_would_be_heard_is_found(line: str) -> None:
    assert list(said(ast.parse(line)))
