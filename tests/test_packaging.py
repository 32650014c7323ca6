"""What is published: the wheel holds what it must, and works where nothing else is installed."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONSUMER = ROOT / "tests" / "consumer"


def run(command: Sequence[object], folder: Path) -> str:
    """Run a program in a folder and return what it printed.

    Raises:
        AssertionError: It failed; the text is what it said.
    """
    # A path of the developer's own would let the installed library see this checkout.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], folder)
    (path,) = folder.glob("*.whl")
    return path


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
    assert {"realtime_sync/py.typed", "realtime_sync/js/index.js", "realtime_sync/js/package.json"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"realtime_sync"}
    assert [name for name in names if "node_modules" in name or "test." in name or "/test_" in name] == []


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
