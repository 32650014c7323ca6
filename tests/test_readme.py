"""What README shows is run, and what it names exists.

A block of Python is a program and must end without an error or a warning. Words after ```python change that; a reader
does not see them:

- `continues`: the block goes on where the one before it ended; both are one program.
- `serve=app channel=NAME`: `app` of this block is an ASGI application. A real server serves it, a client that knows
  only PROTOCOL.md subscribes to the channel and must receive a document; with `poll=PATH` another one asks there. With
  `threads=SERVER` it is a WSGI application, and SERVER names the `socketio.Server` in it, or what has one.
- `no-run="the reason"`: the block is only compiled.

A block that begins with ```text output holds the exact standard output of the program above it.
"""

import asyncio
import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
import socketio

import dev
from tests.servers import serving, serving_threads

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKS = {"continues", "serve", "threads", "channel", "poll", "no-run"}
SHELLS = {"bash", "sh", "console", "powershell"}


@attrs.frozen
class Block:
    """One fenced block.

    Attributes:
        line: Number of the line before its first one.
        language: The first word after the fence.
        marks: The other words; `name=value` gives {name: value}, a bare word {word: ""}.
        text: What stands between the fences.
    """

    line: int
    language: str
    marks: Mapping[str, str]
    text: str


@attrs.frozen
class Program:
    """One or more blocks of Python that are run together.

    Attributes:
        blocks: In the order of the page.
        output: What it must print; None when the page does not say.
    """

    blocks: tuple[Block, ...]
    output: str | None = None

    @property
    def marks(self) -> Mapping[str, str]:
        return self.blocks[0].marks

    @property
    def name(self) -> str:
        return f"line {self.blocks[0].line}"

    @property
    def source(self) -> str:
        """Its blocks, each on the lines where the page has it: a traceback's numbers are README's."""
        source = ""
        for block in self.blocks:
            source += "\n" * (block.line - source.count("\n")) + block.text
        return source


def blocks(page: str) -> Iterator[Block]:
    for fence in re.finditer(r"^```(\w+)(.*)\n((?:(?!```).*\n)*)```$", page, re.MULTILINE):
        language, words, text = fence.groups()
        marks = {name: value for name, _, value in (word.partition("=") for word in shlex.split(words))}
        yield Block(page.count("\n", 0, fence.start()) + 1, language, marks, text)


def programs(page: str) -> list[Program]:
    found: list[Program] = []
    for block in blocks(page):
        if block.language == "python":
            assert block.marks.keys() <= MARKS, f"line {block.line}: unknown words {block.marks.keys() - MARKS}"
            if "continues" in block.marks:
                found[-1] = attrs.evolve(found[-1], blocks=(*found[-1].blocks, block))
            else:
                found.append(Program((block,)))
        elif block.language == "text" and "output" in block.marks:
            found[-1] = attrs.evolve(found[-1], output=(found[-1].output or "") + block.text)
    return found


def run(program: Program, folder: Path) -> None:
    """Run a program in an empty folder.

    Raises:
        AssertionError: It failed, warned, or printed something else than the page says.
    """
    (folder / "README.py").write_text(program.source, encoding="utf-8")
    command = [sys.executable, "-W", "error", "README.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 0, done.stderr
    assert program.output in (None, done.stdout)


async def first_document(address: str, channel: str) -> Any:
    """The document that a newcomer receives, by PROTOCOL.md sections 2 to 4 and nothing else."""
    async with socketio.AsyncSimpleClient() as client:
        await client.connect(address)
        request = {"version": 1, "channel": channel, "request": "1", "codecs": ["json"], "position": None}
        await client.emit("sync:subscribe", request)
        while True:
            event, name, body, *answer = await client.receive()
            assert (event, name) == ("batch_update", channel)
            if body is not None:
                return body["document"]
            assert answer[0]["outcome"] == "waiting", answer


async def polled_document(address: str, channel: str) -> Any:
    """The document that a newcomer receives by PROTOCOL.md section 8."""
    request = {"version": 1, "channel": channel, "request": "1", "codecs": ["json"], "position": None}
    async with aiohttp.ClientSession() as session, session.post(address, json=request) as response:
        return (await response.json())["body"]["document"]


async def check_served(program: Program, url: str) -> None:
    assert await first_document(url, program.marks["channel"]) is not None
    if "poll" in program.marks:
        assert await polled_document(url + program.marks["poll"], program.marks["channel"]) is not None


def load(program: Program, folder: Path) -> Any:
    """Import a program as a module."""
    path = folder / "README.py"
    path.write_text(program.source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("README", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(page: str) -> Iterator[str]:
    """Every line of a shell block, and every piece of code inside a sentence."""
    for block in blocks(page):
        if block.language in SHELLS:
            yield from block.text.splitlines()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page)


def names_after(command: str, page: str) -> set[str]:
    return {found[1] for line in commands(page) if (found := re.match(rf"(?:\$ )?{command} ([\w.]+)", line))}


async def check(program: Program, folder: Path) -> None:
    """Do with a program what its words ask for."""
    if "no-run" in program.marks:
        assert program.marks["no-run"], "say why it is not run"
        compile(program.source, "README.md", "exec")
    elif "threads" in program.marks:
        module = load(program, folder)
        named = getattr(module, program.marks["threads"])
        sio = getattr(named, "server", named)
        async with asyncio.timeout(10):
            with module.hub, serving_threads(getattr(module, program.marks["serve"]), sio) as url:
                await check_served(program, url)
    elif "serve" in program.marks:
        app = getattr(load(program, folder), program.marks["serve"])
        async with asyncio.timeout(10), serving(app) as server:
            await check_served(program, server.url)
    else:
        run(program, folder)


@pytest.mark.parametrize("program", programs(README), ids=lambda program: program.name)
async def test_program_of_readme_does_what_the_page_says(program: Program, tmp_path: Path) -> None:
    await check(program, tmp_path)


def test_commands_that_readme_names_exist() -> None:
    targets = set(re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert names_after("make", README) <= {target for line in targets for target in line.split()}
    assert {"demo", "test"} <= names_after("make", README)
    assert names_after(r"(?:py|python3?) dev\.py", README) <= dev.COMMANDS.keys()
    for module in names_after(r"python3? -m", README):
        assert importlib.util.find_spec(module), module


def test_extras_that_readme_names_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {extra for extras in re.findall(r"realtime-sync\[([\w,]+)\]", README) for extra in extras.split(",")}
    assert named
    assert named <= project["optional-dependencies"].keys()


def test_files_that_readme_links_to_exist() -> None:
    links = re.findall(r"(?:\]\(|(?:src|href|srcset)=\")(?!https?:|mailto:|#)([^)\"\s#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


PAGE = """\
```python
a = 1
```
Then:
```python continues
print(a + 1)
```
It prints
```text output
2
```
```python no-run="it would ask for a password"
import getpass
```
"""


def test_blocks_keep_their_lines_marks_and_output() -> None:
    first, second = programs(PAGE)
    assert first.source == "\na = 1\n\n\n\nprint(a + 1)\n"
    assert first.output == "2\n"
    assert second.marks == {"no-run": "it would ask for a password"}
    assert second.name == "line 12"


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("```python\n1 / 0\n```\n", "line 2, in <module>\\n.*ZeroDivisionError"),
        ("```python\nimport warnings; warnings.warn('old')\n```\n", "UserWarning: old"),
        ("```python\nprint(1)\n```\n```text output\n2\n```\n", "'1\\\\n'"),
        ('```python no-run="because"\n1 +\n```\n', "invalid syntax"),
        ("```python no-run\n1\n```\n", "say why it is not run"),
    ],
)
async def test_program_that_is_wrong_is_found(page: str, complaint: str, tmp_path: Path) -> None:
    (program,) = programs(page)
    with pytest.raises((AssertionError, SyntaxError), match=f"(?s){complaint}"):
        await check(program, tmp_path)


def test_misspelt_word_after_a_fence_is_found() -> None:
    with pytest.raises(AssertionError, match="norun"):
        programs("```python norun\n```\n")


def test_commands_are_found_in_blocks_and_in_sentences() -> None:
    page = "Run `make demo`; make sure.\n```bash\nmake test\n$ make lint\n```\n"
    assert names_after("make", page) == {"demo", "test", "lint"}
