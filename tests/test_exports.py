"""`__all__` names what is public, all of it can be imported, and all of it says what it is."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from realtime_sync.broadcast import ports

ROOT_PACKAGE = "realtime_sync"
SOURCE = Path(__file__).parents[1] / "src"

INSTALLED_WITH_THE_LIBRARY = {"attr", "attrs", "msgpack", "orjson", "zstandard", "_cffi_backend", ROOT_PACKAGE}


def public_modules() -> Iterator[str]:
    """The package, its public folders, and each adapter."""
    yield ROOT_PACKAGE
    for folder in ("agent", "client", "compat", "testing"):
        if (SOURCE / ROOT_PACKAGE / folder).is_dir():
            yield f"{ROOT_PACKAGE}.{folder}"
    for path in sorted((SOURCE / ROOT_PACKAGE / "adapters").glob("[!_]*.py")):
        yield f"{ROOT_PACKAGE}.adapters.{path.stem}"


PUBLIC_MODULES = list(public_modules())


def source_of(module: str) -> Path:
    path = SOURCE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt | None]]:
    """The top-level statements of a module, each with the one after it; those under `if TYPE_CHECKING` too."""
    for statement, following in zip(body, [*body[1:], None], strict=True):
        yield statement, following
        if isinstance(statement, ast.If):
            yield from statements(statement.body)


def documentation(module: str) -> dict[str, str | None]:
    """Every public name that a module defines, with its docstring; a package's also those that it re-exports."""
    path = source_of(module)
    found: dict[str, str | None] = {}
    for statement, following in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        match statement:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = ast.get_docstring(statement)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                match following:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = text
                    case _:
                        found[name] = None
            case ast.ImportFrom(module=str(origin), names=aliases) if path.name == "__init__.py":
                if origin.startswith(ROOT_PACKAGE):
                    theirs = documentation(origin)
                    found |= {alias.asname or alias.name: theirs.get(alias.name) for alias in aliases}
    return {name: text for name, text in found.items() if not name.startswith("_")}


PORTS = [port for port in vars(ports).values() if isinstance(port, type) and Protocol in port.__bases__]


def undocumented_members(owner: type) -> Iterator[str]:
    """Public methods and properties that a class of ours defines, and neither it, a base nor a port describes."""
    for name, member in vars(owner).items():
        is_public = not name.startswith("_") and (inspect.isroutine(member) or isinstance(member, property))
        described_in = (getattr(place, name) for place in (owner, *PORTS) if hasattr(place, name))
        if is_public and not any(map(inspect.getdoc, described_in)):
            yield f"{owner.__name__}.{name}"


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_all_is_what_is_public(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(documentation(name))


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_everything_public_can_be_imported(name: str) -> None:
    module = importlib.import_module(name)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    values = [getattr(module, public) for public in module.__all__]
    classes = [value for value in values if isinstance(value, type) and value.__module__.startswith(ROOT_PACKAGE)]
    assert inspect.getdoc(module)
    assert [public for public, text in documentation(name).items() if not text] == []
    assert [member for owner in classes for member in undocumented_members(owner)] == []


def test_importing_the_library_imports_no_optional_library() -> None:
    code = f"import sys; before = set(sys.modules); import {ROOT_PACKAGE}; print(*(set(sys.modules) - before))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    tops = {name.split(".")[0] for name in imported} - sys.stdlib_module_names
    compiled = {top for top in tops if re.fullmatch(r"_?cython_\w+", top)}  # what msgpack is built with
    assert ROOT_PACKAGE in tops
    assert tops - compiled - INSTALLED_WITH_THE_LIBRARY == set()
