"""What PROTOCOL.md must say, derived from the code. `python tests/protocol_page.py` writes the generated parts anew."""

import hashlib
import re
from pathlib import Path

from realtime_sync.replication.replica import TABLE, Action, Arrival, State

PAGE = Path(__file__).parents[1] / "PROTOCOL.md"
BEGIN = "<!-- replica-table: generated from src/realtime_sync/replication/replica.py -->\n"
END = "<!-- /replica-table -->\n"

WORDS = {
    State.EMPTY: "EMPTY",
    State.LIVE: "LIVE",
    State.STALE: "STALE (document kept, shown as stale)",
    State.CLOSED: "CLOSED (reason kept)",
}


def replica_table() -> str:
    """Return the state table as Markdown."""
    header = "| it holds | " + " | ".join(arrival.value for arrival in Arrival) + " |"
    rule = "|---" * (len(Arrival) + 1) + "|"
    rows = [
        f"| {WORDS[state]} | " + " | ".join(_cell(row[arrival]) for arrival in Arrival) + " |"
        for state, row in TABLE.items()
    ]
    return "\n".join([header, rule, *rows]) + "\n"


def _cell(action: Action) -> str:
    text = action.value
    return f"{text} -> LIVE" if action is Action.APPLY else text


def with_generated_parts(page: str) -> str:
    """Return the page with its generated parts as the code would have them."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + replica_table() + END + after


def schema_hash(page: str) -> str:
    """Return a hash of the sections that define the wire: messages, answers, frames, and what goes over plain HTTP."""
    sections = re.search(r"\n## 2\. .*?(?=\n## 5\. )", page, re.DOTALL)
    polling = re.search(r"\n## 8\. Polling\n.*", page, re.DOTALL)
    assert sections is not None, "PROTOCOL.md has sections 2 to 4"
    assert polling is not None, "PROTOCOL.md has section 8"
    text = sections.group() + polling.group()
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


if __name__ == "__main__":
    PAGE.write_text(with_generated_parts(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"SCHEMA_HASH = {schema_hash(PAGE.read_text(encoding='utf-8'))!r}")
