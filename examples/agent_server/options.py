"""The command line."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import attrs

from examples.agent_server.run import RunOptions
from examples.agent_server.serving import DEFAULT_PORT

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_PACE_MS = 25.0
_DEFAULTS = RunOptions()


@attrs.frozen(kw_only=True)
class Arguments:
    """What was asked for on the command line.

    Attributes:
        port: None: 8000, or any free one where that is taken; 0: any free one.
        codecs: What the headless client asks for, in order; None: what the client library prefers.
    """

    folder: Path
    run: RunOptions
    host: str
    port: int | None
    headless: bool
    json: bool
    codecs: tuple[str, ...] | None
    timeout_s: float


def parse_arguments(words: Sequence[str] | None = None) -> Arguments:
    """Return the arguments of the command line; an error or `--help` ends the program, as usual."""
    parser = _parser()
    parsed = parser.parse_args(words)
    if parsed.json and not parsed.headless:
        parser.error("--json prints the figures of a headless run: add --headless")
    pace_ms = parsed.pace_ms if parsed.pace_ms is not None else (0.0 if parsed.headless else DEFAULT_PACE_MS)
    run = RunOptions(
        ask_above=parsed.ask_above,
        question_timeout_s=parsed.question_timeout,
        concurrency=parsed.concurrency,
        pace_ms=pace_ms,
        max_nodes=parsed.max_nodes,
    )
    return Arguments(
        folder=parsed.folder,
        run=run,
        host=parsed.host,
        port=parsed.port,
        headless=parsed.headless,
        json=parsed.json,
        codecs=tuple(parsed.codec) if parsed.codec else None,
        timeout_s=parsed.timeout,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.agent_server",
        description="Look into every file of a folder, and show the run live in the browser.",
    )
    add = parser.add_argument
    add("folder", nargs="?", type=_folder, default=PROJECT, metavar="FOLDER", help="default: this project itself")
    add("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    add("--port", type=_port, help=f"default: {DEFAULT_PORT}, or any free one where that is taken; 0: any free one")
    add("--pace-ms", type=_not_negative, metavar="MS", help="pause after each step (default: 25; headless: 0)")
    add("--ask-above", type=_count, default=_DEFAULTS.ask_above, metavar="N", help="ask before larger folders")
    add("--question-timeout", type=_positive, default=_DEFAULTS.question_timeout_s, metavar="S", help="seconds")
    add("--concurrency", type=_at_least_one, default=_DEFAULTS.concurrency, metavar="N", help="files at a time")
    add("--max-nodes", type=_at_least_one, default=_DEFAULTS.max_nodes, metavar="N", help="size of the graph at most")
    add("--headless", action="store_true", help="no browser: a client over a real socket, every question approved")
    add("--json", action="store_true", help="with --headless: print the figures as one JSON object")
    add("--codec", action="append", metavar="NAME", help="with --headless: ask for this codec; may be repeated")
    add("--timeout", type=_positive, default=600.0, metavar="S", help="with --headless: give up after so long")
    return parser


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _number(text: str, *, lowest: float, whole: bool) -> float:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not lowest <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is too small or too large")
    return number


def _port(text: str) -> int:
    port = int(_number(text, lowest=0, whole=True))
    if port > 65_535:
        raise argparse.ArgumentTypeError("the highest port is 65535")
    return port


def _count(text: str) -> int:
    return int(_number(text, lowest=0, whole=True))


def _at_least_one(text: str) -> int:
    return int(_number(text, lowest=1, whole=True))


def _not_negative(text: str) -> float:
    return _number(text, lowest=0, whole=False)


def _positive(text: str) -> float:
    return _number(text, lowest=0.001, whole=False)
