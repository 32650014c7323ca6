"""The floors stand on each other in one direction only.

Each rule is a function from the modules of a package to the sentences of its violations, and is tried both on what is
written here and on a small package that breaks it.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest

ROOT_PACKAGE = "realtime_sync"
SOURCE = Path(__file__).parents[1] / "src" / ROOT_PACKAGE

FLOORS = {
    "": 0,  # the files of the package root
    "document": 1,
    "wire": 2,
    "replication": 3,
    "broadcast": 4,
    "agent": 5,
    "adapters": 6,
    "client": 6,
    "compat": 6,
}
BESIDE = "testing"  # may import every floor; no floor imports it
HIGHEST_PURE_FLOOR = 3

DEPENDENCIES = {"attrs", "msgpack", "orjson", "zstandard"}
"""What is installed with the library, hence no outside library of one adapter."""

ONE_LIBRARY = {"engineio": "socketio", "flask": "flask_socketio"}
"""python-engineio is the lower half of python-socketio, installed and versioned with it; Flask is what Flask-SocketIO
extends."""

PURE = set(
    "abc array bisect collections contextlib copy dataclasses datetime decimal enum functools gzip heapq itertools "
    "math operator re reprlib string struct types typing weakref zlib".split()
)
"""Standard modules that neither wait, nor look at the world, nor draw lots. (`datetime` and `gzip` could.)"""

IMPURE_FOR_A_REASON = {
    ("document/normalize.py", "pathlib"): "a PurePath is one of the values that it converts",
    ("document/normalize.py", "uuid"): "a UUID is one of the values that it converts",
    ("document/view.py", "sys"): "`sys.maxsize` is the default of a sequence's `index`",
    ("wire/plugins.py", "importlib"): "codecs of other packages are found through their entry points",
    ("wire/plugins.py", "logging"): "a broken package is left out, and not in silence",
    ("replication/batch.py", "time"): "`time.time` is the default of the argument `clock`",
    ("replication/backoff.py", "random"): "`random.random` is the default of the argument `uniform`",
    ("replication/poll_schedule.py", "random"): "`random.random` is the default of the argument `uniform`",
    ("replication/replica.py", "random"): "`random.random` is the default of the argument `uniform`",
}


@attrs.frozen
class Module:
    """One file of the package.

    Attributes:
        path: Where it is, from the package root: "wire/frames.py".
        name: How it is imported: "realtime_sync.wire.frames".
        imports: What it imports, wherever in the file: modules of the package by their full names, others likewise.
    """

    path: str
    name: str
    imports: frozenset[str]

    @property
    def folder(self) -> str:
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def is_root(self) -> bool:
        return self.name == ROOT_PACKAGE

    @property
    def outside(self) -> set[str]:
        """Top-level names of what it imports from neither this package nor the standard library."""
        tops = {imported.split(".")[0] for imported in self.imports}
        return tops - {ROOT_PACKAGE} - sys.stdlib_module_names


Package: TypeAlias = Mapping[str, Module]
"""Modules by their import names."""


def import_name(path: str) -> str:
    return ".".join([ROOT_PACKAGE, *path.removesuffix(".py").split("/")]).removesuffix(".__init__")


def read_package(sources: Mapping[str, str]) -> Package:
    """Return the modules of a package whose files are given as {"wire/frames.py": source}."""
    names = {import_name(path) for path in sources}
    modules = (
        Module(path, import_name(path), frozenset(imports_of(ast.parse(source, path), path, names)))
        for path, source in sources.items()
    )
    return {module.name: module for module in modules}


def imports_of(tree: ast.Module, path: str, known: set[str]) -> Iterator[str]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too."""
    package = [ROOT_PACKAGE, *path.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*parents, *filter(None, [node.module])])
            # `from a.b import c` imports a.b.c where that is a module, else a.b.
            yield from {member if (member := f"{origin}.{alias.name}") in known else origin for alias in node.names}


def upward_imports(package: Package) -> Iterator[str]:
    for module in package.values():
        if module.is_root or module.folder == BESIDE:
            continue
        for name in sorted(module.imports):
            target = package.get(name)
            if target is None or (target.folder == module.folder and not target.is_root):
                continue
            if target.is_root or target.folder == BESIDE or FLOORS[target.folder] >= FLOORS[module.folder]:
                yield f"{module.path} imports {name}, which is not on a floor below"


def folders_without_a_floor(package: Package) -> Iterator[str]:
    for folder in sorted({module.folder for module in package.values()} - FLOORS.keys() - {BESIDE}):
        yield f"{folder}/ is on no floor"


def cycles(package: Package) -> Iterator[str]:
    graph = {
        module.name: [name for name in module.imports if name in package and name != module.name]
        for module in package.values()
        if not module.is_root
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "each of these imports the one before: " + ", ".join(error.args[1])


def adapters_of_two_libraries(package: Package) -> Iterator[str]:
    for module in package.values():
        libraries = {ONE_LIBRARY.get(name, name) for name in module.outside - DEPENDENCIES}
        if module.folder in ("adapters", "client") and len(libraries) > 1:
            yield f"{module.path} imports {len(libraries)} outside libraries: {', '.join(sorted(libraries))}"


def adapters_that_import_adapters(package: Package) -> Iterator[str]:
    adapters = {
        module.name for module in package.values() if module.folder == "adapters" and module.outside - DEPENDENCIES
    }
    for name in sorted(adapters):
        for other in sorted(adapters & package[name].imports - {name}):
            yield f"{package[name].path} imports the adapter {other}"


def impure_imports(package: Package) -> Iterator[tuple[str, str]]:
    """(path, what) of every import on the pure floors that is neither pure nor a dependency."""
    for module in package.values():
        if not module.is_root and FLOORS.get(module.folder, HIGHEST_PURE_FLOOR + 1) <= HIGHEST_PURE_FLOOR:
            tops = {name.split(".")[0] for name in module.imports}
            for top in sorted(tops - PURE - DEPENDENCIES - {ROOT_PACKAGE}):
                yield module.path, top


def standard_names(package: Package) -> Iterator[str]:
    for module in package.values():
        if module.name.split(".")[-1] in sys.stdlib_module_names:
            yield module.path


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(
        {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}
    )


def test_every_floor_below_the_broadcasters_is_seen(package: Package) -> None:
    assert {"", "document", "wire", "replication"} <= {module.folder for module in package.values()}


@pytest.mark.parametrize(
    "rule",
    [
        folders_without_a_floor,
        upward_imports,
        cycles,
        adapters_of_two_libraries,
        adapters_that_import_adapters,
    ],
)
def test_rule_holds(rule: Callable[[Package], Iterator[str]], package: Package) -> None:
    assert list(rule(package)) == []


def test_floors_without_io_import_only_what_is_pure(package: Package) -> None:
    assert set(impure_imports(package)) == IMPURE_FOR_A_REASON.keys(), (
        "add what is new with its reason, or pass it as an argument; remove what is no longer imported"
    )


def test_no_module_is_named_as_one_in_the_standard_library(package: Package) -> None:
    assert list(standard_names(package)) == []


BROKEN: list[tuple[Callable[[Package], Iterator[object]], dict[str, str], object]] = [
    (
        upward_imports,
        {"wire/a.py": "def f():\n    from realtime_sync.broadcast import b", "broadcast/b.py": ""},
        "wire/a.py imports realtime_sync.broadcast.b, which is not on a floor below",
    ),
    (
        upward_imports,
        {"client/a.py": "if TYPE_CHECKING:\n    import realtime_sync.adapters.b", "adapters/b.py": ""},
        "client/a.py imports realtime_sync.adapters.b, which is not on a floor below",
    ),
    (
        upward_imports,
        {"document/a.py": "from ..testing.b import c", "testing/b.py": "c = 1"},
        "document/a.py imports realtime_sync.testing.b, which is not on a floor below",
    ),
    (
        upward_imports,
        {"__init__.py": "", "limits.py": "from realtime_sync import diff"},
        "limits.py imports realtime_sync, which is not on a floor below",
    ),
    (folders_without_a_floor, {"utils/a.py": ""}, "utils/ is on no floor"),
    (
        cycles,
        {"wire/a.py": "from realtime_sync.wire import b", "wire/b.py": "from .a import c"},
        "each of these imports the one before: realtime_sync.wire.a, realtime_sync.wire.b, realtime_sync.wire.a",
    ),
    (
        adapters_of_two_libraries,
        {"adapters/a.py": "import attrs, asyncio, engineio, socketio, redis.asyncio"},
        "adapters/a.py imports 2 outside libraries: redis, socketio",
    ),
    (
        adapters_that_import_adapters,
        {
            "adapters/a.py": "import redis\nfrom realtime_sync.adapters import b, c",
            "adapters/b.py": "",
            "adapters/c.py": "import flask",
        },
        "adapters/a.py imports the adapter realtime_sync.adapters.c",
    ),
    (impure_imports, {"replication/a.py": "import math, asyncio.queues"}, ("replication/a.py", "asyncio")),
    (standard_names, {"wire/json.py": ""}, "wire/json.py"),
]


@pytest.mark.parametrize(("rule", "sources", "violation"), BROKEN)
def test_rule_sees_what_breaks_it(
    rule: Callable[[Package], Iterator[object]], sources: dict[str, str], violation: object
) -> None:
    assert list(rule(read_package(sources))) == [violation]
