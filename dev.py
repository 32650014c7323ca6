#!/usr/bin/env python3
"""Set up this repository and run what it offers, with Python's standard library alone.

    python3 dev.py demo [ARGUMENTS]    run the example; the arguments are those of `python -m examples.agent_server`
    python3 dev.py test                run every test; what was skipped, and why, comes last
    python3 dev.py lint                check style and formatting
    python3 dev.py types               check the types of Python and JavaScript
    python3 dev.py format              rewrite Python files in the project's format
    python3 dev.py bench [ARGUMENTS]   run the benchmarks; the arguments are pytest's
    python3 dev.py results             measure everything, the rivals too, and write benchmarks/RESULTS.md
    python3 dev.py mutants [WORDS]     remove each guard of the library, and see that a test notices

`make demo` is the same as `python3 dev.py demo`, and so on; on Windows it is `py dev.py demo`. Each command first
installs what it needs into .venv and node_modules, once for each version of the files that say what that is.
With CI=true in the environment a skipped test is a failed one.

This file itself runs on Python 3.7, so that it can tell those who have only that what to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, NamedTuple, Sequence  # noqa: UP035 (the others cannot be subscripted on Python 3.7)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
OLDEST_UV = (0, 7)  # the first whose `uv pip install` knows --group
EXTENSION = sorted((ROOT / "src/realtime_sync/document").glob("*.[ch]"))
BUILT_FROM = (ROOT / "pyproject.toml", ROOT / "setup.py", *EXTENSION)  # an editable install is too
EXTRAS = {"demo": "socketio,client", "dev": "all", "bench": "all"}
"""What each dependency group needs of the library itself; a group includes those before it."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
CHROMIUM_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)

NO_NETWORK = re.compile(
    # In this order: pip, uv, npm.
    r"NewConnectionError|NameResolutionError|ConnectTimeout"
    r"|dns error|client error \(Connect\)"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH"
)
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Trouble(Exception):
    """Something that the reader of the message can mend."""


# --- Running programs ---


def announce(command: Sequence[object], folder: Path = ROOT) -> None:
    program, *words = map(str, command)
    place = "" if folder == ROOT else f"{folder.relative_to(ROOT).as_posix()} "
    print(f"\n{place}$ {Path(program).name}", *words, flush=True)


def surroundings(**more: object) -> dict[str, str]:
    """The environment of a child: ours, with UTF-8 output, and with colours where ours goes to a terminal."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **{name: str(value) for name, value in more.items()}}
    if sys.stdout.isatty() and "NO_COLOR" not in environment:
        environment["FORCE_COLOR"] = "1"
    return environment


def run(command: Sequence[object], **environment: object) -> int:
    """Run a program in the foreground; the keyboard's interrupt is its to handle."""
    announce(command)
    with subprocess.Popen([str(word) for word in command], cwd=str(ROOT), env=surroundings(**environment)) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def stream(command: Sequence[object], folder: Path = ROOT, **environment: object) -> tuple[bool, list[str]]:
    """Run a program and show its output as it comes; return whether it succeeded, and its lines without colours."""
    announce(command, folder)
    lines = []
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=str(folder),
        env=surroundings(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(TERMINAL_COLOUR.sub("", line.rstrip()))
    return process.returncode == 0, lines


def fetch(command: Sequence[object], folder: Path = ROOT) -> None:
    """Run a program that installs something.

    Raises:
        Trouble: It failed; the text says so when the network is the likely reason.
    """
    succeeded, lines = stream(command, folder)
    if not succeeded and any(map(NO_NETWORK.search, lines)):
        raise Trouble(
            f"{Path(str(command[0])).name} could not reach its package index. Setting up needs the network once: check "
            "the connection (and HTTPS_PROXY, if you are behind a proxy), then run this again."
        )
    if not succeeded:
        raise Trouble("installing failed; the reason stands above.")


def answer(command: Sequence[object]) -> str:
    """What a program prints, or an empty string when it cannot be run or fails."""
    try:
        return subprocess.run(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def version(command: Sequence[object]) -> tuple[int, ...]:
    """The first version number that a program prints: `uv 0.7.2 (...)` gives (0, 7, 2)."""
    found = re.search(r"\d+(\.\d+)+", answer(command))
    return tuple(map(int, found.group().split("."))) if found else ()


# --- Python ---


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def can(python: object, statement: str) -> bool:
    """Whether this interpreter runs, is new enough, and executes `statement`."""
    return answer([python, "-c", f"import sys; {statement}; print(sys.version_info >= {OLDEST_PYTHON})"]) == "True"


def find_python() -> str:
    """An interpreter that can make a virtual environment: this one, or a newer one on PATH.

    Raises:
        Trouble: There is none; the text says what to install.
    """
    names = (f"python3.{minor}" for minor in range(19, OLDEST_PYTHON[1] - 1, -1))
    candidates = [sys.executable, *filter(None, map(shutil.which, names))]
    new_enough = [python for python in candidates if can(python, "pass")]
    if not new_enough:
        raise Trouble(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old: this project needs 3.11 or newer. Install "
            "one (Debian 12 and later: sudo apt install python3 python3-venv; macOS: brew install python; Windows: "
            "winget install Python.Python.3.13), or install uv, which brings its own."
        )
    complete = [python for python in new_enough if can(python, "import venv; from ensurepip import version")]
    if not complete:
        minor = answer([new_enough[0], "-c", "import sys; print(sys.version_info[1])"])
        raise Trouble(
            f"{new_enough[0]} cannot make a virtual environment: its `ensurepip` is a package of its own on Debian and "
            f"Ubuntu. Install it with: sudo apt install python3.{minor}-venv"
        )
    return complete[0]


def find_uv() -> str | None:
    uv = shutil.which("uv")
    return uv if uv and version([uv, "--version"]) >= OLDEST_UV else None


def install_with_uv(uv: str, group: str) -> None:
    if not can(venv_python(), "pass"):
        shutil.rmtree(str(VENV), ignore_errors=True)
        fetch([uv, "venv", "--python", ">=3.11", VENV])
    library = f".[{EXTRAS[group]}]"
    fetch([uv, "pip", "install", "--python", venv_python(), "--editable", library, "--group", group])


def install_with_pip(group: str) -> None:
    if not can(venv_python(), "import pip"):
        python = find_python()
        shutil.rmtree(str(VENV), ignore_errors=True)
        fetch([python, "-m", "venv", VENV])
    pip = [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    fetch([*pip, "pip>=25.1"])  # the first that knows --group
    fetch([*pip, "--editable", f".[{EXTRAS[group]}]", "--group", group])


def fingerprint(*files: Path) -> str:
    """Changes when one of the files does, or when the checkout moves (an editable install holds its path)."""
    return hashlib.sha256(b"\0".join([str(ROOT).encode(), *(file.read_bytes() for file in files)])).hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="ascii") == wanted


def prepare_python(group: str) -> Path:
    """Return .venv's interpreter, with the library and everything of a dependency group installed."""
    wanted = fingerprint(*BUILT_FROM)
    groups = list(EXTRAS)
    serving = groups[groups.index(group) :]
    if can(venv_python(), "pass") and any(is_current(VENV / f"installed-{name}", wanted) for name in serving):
        return venv_python()
    print("Setting up .venv: about a minute, once.", flush=True)
    uv = find_uv()
    if uv:
        install_with_uv(uv, group)
    else:
        install_with_pip(group)
    (VENV / f"installed-{group}").write_text(wanted, encoding="ascii")
    return venv_python()


# --- JavaScript ---


def missing_node() -> str:
    """Why JavaScript cannot be run here, or an empty string."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return f"Node is not installed; it needs Node {OLDEST_NODE} or newer, with npm"
    found = version([node, "--version"])
    if found < (OLDEST_NODE,):
        return f"Node {'.'.join(map(str, found))} is too old; it needs {OLDEST_NODE} or newer"
    return ""


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, (*CHROMIUM_NAMES, *CHROMIUM_PLACES))), None)


def prepare_node(home: Path) -> None:
    """Install what a package-lock.json names, if there is one, into the node_modules beside it."""
    lock, stamp = home / "package-lock.json", home / "node_modules" / ".installed"
    if not lock.is_file():
        return
    wanted = fingerprint(lock)
    if is_current(stamp, wanted):
        return
    fetch([shutil.which("npm"), "ci", "--no-audit", "--no-fund"], home)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted, encoding="ascii")


def node_homes() -> list[Path]:
    """Folders of tests in JavaScript."""
    return sorted(package.parent for package in (ROOT / "tests").glob("*/package.json"))


# --- Tests ---


class Outcome(NamedTuple):
    """How one runner ended.

    Attributes:
        runner: Its name, for the report.
        passed: Whether it ran and nothing failed.
        summary: Its own closing lines.
        skipped: What it left out, each with the reason.
    """

    runner: str
    passed: bool
    summary: list[str]
    skipped: list[str]


def python_tests(python: Path) -> Outcome:
    passed, lines = stream([python, "-m", "pytest"])
    # Lines of pytest's short summary, which `-ra` (pyproject.toml) asks for.
    skipped = [line for line in lines if re.match(r"(SKIPPED|XFAIL|XPASS) ", line)]
    return Outcome("pytest", passed, lines[-1:], skipped)


def node_tests(folder: Path, **environment: object) -> Outcome:
    # Two reports of one run: `spec` for people, TAP for what was skipped: `ok 2 - its name # SKIP the reason`.
    with tempfile.TemporaryDirectory() as scratch:
        tap = Path(scratch, "report.tap")
        people = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
        machine = ["--test-reporter=tap", f"--test-reporter-destination={tap}"]
        setup = ["--import", "./setup.js"] if (folder / "setup.js").is_file() else []
        passed, lines = stream([shutil.which("node"), "--test", *setup, *people, *machine], folder, **environment)
        points = tap.read_text(encoding="utf-8") if tap.is_file() else ""
    skipped = re.findall(r"^ *(?:not )?ok \d+ - (.* # (?:SKIP|TODO)\b.*)$", points, re.MULTILINE)
    summary = [line for line in lines if re.match(r"\S (tests|pass|fail|cancelled|skipped|todo) \d+$", line)]
    ran = any(re.match(r"\S tests [1-9]", line) for line in summary)
    return Outcome(f"node --test in {folder.name}", passed and ran, summary, skipped)


def javascript_tests(folder: Path, python: Path) -> Outcome:
    """Run a folder's tests, or say why they cannot run here."""
    reason = missing_node()
    environment: dict[str, object] = {"PYTHON": python}
    if folder.name == "browser" and not reason:
        chromium = find_chromium()
        environment["CHROMIUM"] = chromium
        if not chromium:
            reason = "no Chromium or Chrome found; install one (Debian: sudo apt install chromium), or set CHROMIUM"
    if reason:
        return Outcome(folder.name, True, [], [f"all of {folder.relative_to(ROOT)}: {reason}"])
    prepare_node(folder)
    return node_tests(folder, **environment)


def report(outcomes: list[Outcome]) -> int:
    """Print what was skipped and how each runner ended; return the exit status."""
    skipped = [line for outcome in outcomes for line in outcome.skipped]
    print("\nSkipped:" if skipped else "\nSkipped: nothing.")
    for line in skipped:
        print("  -", line)
    for outcome in outcomes:
        if outcome.passed and not outcome.summary:
            continue  # it did not run; the reason stands above
        print(f"\n{outcome.runner}: {'passed' if outcome.passed else 'FAILED'}")
        print(*outcome.summary, sep="\n")
    forbidden = bool(skipped) and os.environ.get("CI") == "true"
    if forbidden:
        print("\nCI=true: a skipped test is a failed one.")
    return int(forbidden or not all(outcome.passed for outcome in outcomes))


def test(_: Sequence[str]) -> int:
    python = prepare_python("dev")
    return report([*(javascript_tests(folder, python) for folder in node_homes()), python_tests(python)])


# --- The other commands ---


def demo(arguments: Sequence[str]) -> int:
    return run([prepare_python("demo"), "-m", "examples.agent_server", *arguments])


def lint(_: Sequence[str]) -> int:
    python = prepare_python("dev")
    return run([python, "-m", "ruff", "check", "."]) or run([python, "-m", "ruff", "format", "--check", "."])


def types(_: Sequence[str]) -> int:
    """mypy, then the script `types` of each package.json that has one."""
    failed = run([prepare_python("dev"), "-m", "mypy"])
    reason = missing_node()
    if reason:
        print(f"Skipped: the types of JavaScript: {reason}")
        return failed or int(os.environ.get("CI") == "true")
    for home in node_homes():
        prepare_node(home)
        if "types" in json.loads((home / "package.json").read_text(encoding="utf-8")).get("scripts", {}):
            failed = run([shutil.which("npm"), "--prefix", home, "run", "types"]) or failed
    return failed


def reformat(_: Sequence[str]) -> int:
    python = prepare_python("dev")
    return run([python, "-m", "ruff", "check", "--fix", "."]) or run([python, "-m", "ruff", "format", "."])


def bench(arguments: Sequence[str]) -> int:
    return run([prepare_python("bench"), "-m", "pytest", "benchmarks", *arguments])


def results(arguments: Sequence[str]) -> int:
    python = prepare_python("bench")
    reason = missing_node()
    if reason:
        print(f"Skipped: the rivals in JavaScript: {reason}")
    else:
        prepare_node(ROOT / "benchmarks" / "node")
    return run([python, "-m", "benchmarks", *arguments])


def mutants(arguments: Sequence[str]) -> int:
    return run([prepare_python("dev"), "-m", "tests.mutants", *arguments])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "types": types,
    "format": reformat,
    "bench": bench,
    "results": results,
    "mutants": mutants,
}


def main(words: Sequence[str]) -> int:
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a Windows console may not know every letter
    if not words or words[0] not in COMMANDS:
        print(__doc__)
        return 0 if not words or words[0] in ("-h", "--help", "help") else 2
    try:
        return COMMANDS[words[0]](words[1:])
    except Trouble as trouble:
        print(f"\ndev.py: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
