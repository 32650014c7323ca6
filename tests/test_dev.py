"""The script behind `make` helps those who lack something, and reports everything that was not run."""

import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dev

SCRIPT = Path(dev.__file__).read_text(encoding="utf-8")


def test_script_can_be_read_by_python_3_7_and_needs_only_the_standard_library() -> None:
    tree = ast.parse(SCRIPT, feature_version=(3, 7))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_make_knows_the_commands_of_the_script() -> None:
    makefile = Path(dev.ROOT, "Makefile").read_text(encoding="utf-8")
    targets = {target for line in re.findall(r"^([a-z ]+):", makefile, re.MULTILINE) for target in line.split()}
    assert targets == {*dev.COMMANDS, "help"}


def interpreters(*, new_enough: bool, complete: bool) -> Callable[[object, str], bool]:
    """A stand-in for `dev.can`, on a machine where every interpreter is alike."""
    return lambda python, statement: new_enough if statement == "pass" else complete


def test_python_that_is_too_old_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "can", interpreters(new_enough=False, complete=False))
    with pytest.raises(dev.Trouble, match=r"3\.11 or newer.*apt install.*brew install"):
        dev.find_python()


def test_python_without_ensurepip_is_told_the_name_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "can", interpreters(new_enough=True, complete=False))
    with pytest.raises(dev.Trouble, match=rf"apt install python3\.{sys.version_info[1]}-venv"):
        dev.find_python()


def test_interpreter_that_cannot_be_run_can_do_nothing() -> None:
    assert dev.can(sys.executable, "pass")
    assert not dev.can(sys.executable, "import no_such_module")
    assert not dev.can("no-such-python", "pass")


@pytest.mark.parametrize(
    ("last_words", "advice"),
    [
        ("NewConnectionError: Failed to establish a new connection", "check the connection"),
        ("cause: client error (Connect)", "check the connection"),
        ("npm error code ENOTFOUND", "check the connection"),
        ("no matching distribution", "the reason stands above"),
    ],
)
def test_installation_that_fails_without_network_says_so(last_words: str, advice: str) -> None:
    with pytest.raises(dev.Trouble, match=advice):
        dev.fetch([sys.executable, "-c", f"print({last_words!r}); raise SystemExit(1)"])


def test_changed_project_file_asks_for_a_new_installation(tmp_path: Path) -> None:
    project, stamp = tmp_path / "pyproject.toml", tmp_path / "stamp"
    project.write_text("[project]")
    assert not dev.is_current(stamp, dev.fingerprint(project))
    stamp.write_text(dev.fingerprint(project))
    assert dev.is_current(stamp, dev.fingerprint(project))
    project.write_text("[project]\n")
    assert not dev.is_current(stamp, dev.fingerprint(project))


PYTEST_LINES = [
    "SKIPPED [1] tests/test_a.py:3: no such thing here",
    "XFAIL tests/test_a.py::test_b",
    "== 7 passed, 1 skipped, 1 xfailed in 0.10s ==",
]


def test_tests_that_pytest_skips_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "stream", lambda command: (True, PYTEST_LINES))
    outcome = dev.python_tests(Path("python"))
    assert outcome.skipped == PYTEST_LINES[:2]
    assert outcome.summary == PYTEST_LINES[2:]


NODE_LINES = ["✔ one (0.7ms)", "ℹ tests 3", "ℹ pass 1", "ℹ skipped 1", "ℹ duration_ms 72"]
TAP = """\
ok 1 - one
# Subtest: outer
    ok 1 - inner # SKIP not on this system
ok 2 - outer
not ok 3 - three # TODO not done
"""


def fake_node(lines: list[str], tap: str) -> Callable[[list[str], Path], tuple[bool, list[str]]]:
    """A stand-in for `dev.stream` that runs `node --test`: it prints `lines` and writes its report."""

    def stream(command: list[str], folder: Path) -> tuple[bool, list[str]]:
        Path(command[-1].partition("destination=")[2]).write_text(tap)
        return True, lines

    return stream


def test_tests_that_node_skips_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "stream", fake_node(NODE_LINES, TAP))
    outcome = dev.node_tests(tmp_path)
    assert outcome.skipped == ["inner # SKIP not on this system", "three # TODO not done"]
    assert outcome.summary == NODE_LINES[1:4]
    assert outcome.passed


def test_setup_of_a_folder_is_loaded_before_its_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []
    pretended = fake_node(NODE_LINES, TAP)

    def stream(command: list[str], folder: Path) -> tuple[bool, list[str]]:
        commands.append(command)
        return pretended(command, folder)

    monkeypatch.setattr(dev, "stream", stream)
    dev.node_tests(tmp_path)
    (tmp_path / "setup.js").touch()
    dev.node_tests(tmp_path)
    assert ["--import" in command for command in commands] == [False, True]


def test_runner_that_finds_no_tests_has_not_passed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "stream", fake_node(["ℹ tests 0", "ℹ pass 0"], "TAP version 13\n1..0\n"))
    assert not dev.node_tests(tmp_path).passed


@pytest.mark.parametrize(
    ("folder", "missing", "reason"),
    [
        ("js", "node", "Node is not installed"),
        ("browser", "node", "Node is not installed"),
        ("browser", "chromium", "sudo apt install chromium"),
    ],
)
def test_tests_that_lack_a_program_are_skipped_with_a_remedy(
    folder: str, missing: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "missing_node", lambda: "Node is not installed" if missing == "node" else "")
    monkeypatch.setattr(dev, "find_chromium", lambda: None)
    outcome = dev.javascript_tests(dev.ROOT / "tests" / folder, Path("python"))
    assert [line for line in outcome.skipped if f"tests/{folder}" in line and reason in line]


@pytest.mark.parametrize(
    ("ci", "passed", "skipped", "status"),
    [
        ("", True, [], 0),
        ("", False, [], 1),
        ("", True, ["this: that"], 0),
        ("true", True, [], 0),
        ("true", True, ["this: that"], 1),
    ],
)
def test_skipped_test_is_reported_and_fails_only_in_ci(
    ci: str,
    passed: bool,
    skipped: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CI", ci)
    assert dev.report([dev.Outcome("pytest", passed, ["== 7 passed =="], skipped)]) == status
    printed = capsys.readouterr().out
    assert "== 7 passed ==" in printed
    assert ("- this: that" if skipped else "Skipped: nothing.") in printed


def test_runner_that_did_not_run_is_not_said_to_have_passed(capsys: pytest.CaptureFixture[str]) -> None:
    dev.report([dev.Outcome("js", True, [], ["all of tests/js: no Node"]), dev.Outcome("pytest", False, [], [])])
    printed = capsys.readouterr().out
    assert "passed" not in printed
    assert "pytest: FAILED" in printed


def test_chromium_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert dev.find_chromium() == sys.executable
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    assert dev.find_chromium() is None


def test_unknown_command_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["tset"]) == 2
    assert "dev.py test" in capsys.readouterr().out


def test_trouble_is_one_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(group: str) -> Path:
        raise dev.Trouble("install this")

    monkeypatch.setattr(dev, "prepare_python", fail)
    assert dev.main(["test"]) == 1
    assert capsys.readouterr().err == "\ndev.py: install this\n"
