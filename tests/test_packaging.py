"""What is published: the archives hold what they must, and work where nothing else is installed, a compiler neither."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from realtime_sync.document.unchanged import IMPLEMENTATION

ROOT = Path(__file__).parents[1]
CONSUMER = ROOT / "tests" / "consumer"


def run(command: Sequence[object], folder: Path, **more: str) -> str:
    """Run a program in a folder, with `more` in its environment, and return what it printed.

    Raises:
        AssertionError: It failed; the text is what it said.
    """
    # A path of the developer's own would let the installed library see this checkout.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environment | more, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run([sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT], folder)
    (path,) = folder.glob("*.tar.gz")
    return path


def build_wheel(source: Path, folder: Path, **environment: str) -> Path:
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source], folder, **environment)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as those are that others build."""
    return build_wheel(unpacked(sdist, tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("wheel"))


def unpacked(sdist: Path, folder: Path) -> Path:
    run([sys.executable, "-m", "tarfile", "-e", sdist, folder], folder)
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the wheel, without extras, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if uv := shutil.which("uv"):
        run([uv, "venv", "--python", sys.executable, "venv"], folder)
        run([uv, "pip", "install", "--python", python, wheel], folder)
    else:
        run([sys.executable, "-m", "venv", "--without-pip", "venv"], folder)
        run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel], folder)
    return python


def test_wheel_holds_the_types_the_javascript_client_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"realtime_sync/py.typed", "realtime_sync/js/index.js", "realtime_sync/js/realtime-sync.js"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"realtime_sync"}
    assert [name for name in names if "node_modules" in name or "test." in name or "/test_" in name] == []


def test_source_distribution_holds_the_extension_and_the_tests_but_nothing_that_was_built(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.py", "src/realtime_sync/py.typed", "PROTOCOL.md"} <= names
    extension = {"_speedups.c", "_speedups.h", "_changes.c", "_plain_copy.c", "_speedups.pyi"}
    assert {f"src/realtime_sync/document/{name}" for name in extension} <= names
    assert {"tests/test_packaging.py", "conformance/patch.json", "examples/agent_server/static/index.html"} <= names
    assert [name for name in names if name.endswith((".so", ".pyd", ".pyc")) or "node_modules" in name] == []


def extensions(wheel: Path) -> list[str]:
    return [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".pyd"))]


def test_wheel_holds_the_extension_for_every_later_python(wheel: Path, bare_python: Path, tmp_path: Path) -> None:
    assert len(extensions(wheel)) == (IMPLEMENTATION == "C")  # what could be built for this checkout can be here
    assert IMPLEMENTATION != "C" or "-cp311-abi3-" in wheel.name
    code = "from realtime_sync.document.unchanged import IMPLEMENTATION; print(IMPLEMENTATION)"
    assert run([bare_python, "-W", "error", "-c", code], tmp_path) == f"{IMPLEMENTATION}\n"


def test_without_a_compiler_the_library_installs_without_the_extension(sdist: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = unpacked(sdist, tmp_path / "source")
    (source / "src/realtime_sync/document/_speedups.c").write_text("#error for a compiler that does not listen to CC")
    (tmp_path / "wheel").mkdir()
    wheel = build_wheel(source, tmp_path / "wheel", CC="no-such-compiler")
    assert extensions(wheel) == []
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); from realtime_sync.document import unchanged as it"
    shown = run([sys.executable, "-W", "error", "-c", f"{code}; print(it.IMPLEMENTATION, it.__file__)"], tmp_path)
    assert shown.startswith(f"Python {wheel}")


def test_library_works_without_extras(bare_python: Path, tmp_path: Path) -> None:
    run([bare_python, "-W", "error", CONSUMER / "follow_tasks.py"], tmp_path)


def test_optional_parts_name_the_extra_that_they_miss(bare_python: Path, tmp_path: Path) -> None:
    code = """if True:
        import realtime_sync.testing
        from realtime_sync.errors import MissingExtra
        try:
            import realtime_sync.client
            realtime_sync.client.AsyncSyncClient("http://localhost")
        except MissingExtra as error:
            print(error)
    """
    assert 'pip install "realtime-sync[client]"' in run([bare_python, "-W", "error", "-c", code], tmp_path)


def test_types_of_the_installed_library_satisfy_a_strict_consumer(bare_python: Path, tmp_path: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}"]
    assert "Success" in run([*mypy, "--python-executable", bare_python, "."], CONSUMER)
