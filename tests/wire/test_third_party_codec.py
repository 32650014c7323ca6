"""A codec of another, separately installed package is found by its entry point, and spoken by server and client."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = Path(__file__).with_name("plugin_package")

DESCRIBE = """
import realtime_sync as rs
codec = rs.get_codec("json+bzip2")
bomb = __import__("bz2").compress(b" " * (rs.Limits().max_decoded_bytes + 1))
for hostile in (b"", codec.encode([])[:-1], codec.encode([]) + b"x", bomb):
    try:
        codec.decode(hostile)
    except rs.DecodeError as error:
        print(type(error).__name__)
print(rs.available_codecs()[-1])
"""


def run(command: Sequence[object], **environment: object) -> str:
    words = [str(word) for word in command]
    surroundings = os.environ | {name: str(value) for name, value in environment.items()}
    done = subprocess.run(words, cwd=ROOT, env=surroundings, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the package was installed, from a wheel that was built of a copy of its source."""
    source, wheels, target = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "installed"))
    shutil.copytree(PACKAGE, source, dirs_exist_ok=True)
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, source])
    (wheel,) = wheels.glob("*.whl")
    uv = shutil.which("uv")
    pip = [uv, "pip"] if uv else [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel])
    return target


def test_it_is_unknown_where_its_package_is_not_installed() -> None:
    assert run([sys.executable, "-c", "import realtime_sync as rs; print('json+bzip2' in rs.available_codecs())"]) == (
        "False\n"
    )


def test_it_is_found_and_keeps_the_limits_where_its_package_is(installed: Path) -> None:
    printed = run([sys.executable, "-c", DESCRIBE], PYTHONPATH=installed).split()
    assert printed == ["DecodeError", "DecodeError", "DecodeError", "LimitExceeded", "json+bzip2"]


def test_a_server_and_a_client_speak_it(installed: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.wire.plugin_end_to_end", "json+bzip2"]
    held = json.loads(run(command, PYTHONPATH=installed))
    assert held["client"] == held["server"] == {"texts": {"a": "one two three"}}
    assert held["bodies_began_with"] == ["BZh"] * 4, "a keyframe and three deltas"
