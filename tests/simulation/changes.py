"""Changes that an application makes: the same to a plain document and to a draft of it."""

import random
from typing import Any, TypeAlias

import attrs

Document: TypeAlias = dict[str, Any]

MAX_NODES = 8
MAX_TEXT = 400
WORDS = ("token ", "\u00e9t\u00e9 ", "\u6f22\u5b57 ", "\U0001f680 ", '"quoted" ', "\\back/slash~ ")
STATUSES = ("RUNNING", "DONE", "FAILED", None, True)


def new_document(name: str) -> Document:
    """Return a document that says whose it is."""
    return {"channel": name, "nodes": {}, "order": [], "n": 0, "aside": {}}


@attrs.frozen
class Change:
    """One step of the application's work.

    Attributes:
        kind: What is done.
        node: To which node.
        value: With what.
    """

    kind: str
    node: str
    value: Any

    def apply(self, document: Any) -> None:
        """Change a document, or a draft of one, in place."""
        nodes = document["nodes"]
        if self.kind == "count":
            document["n"] += 1
        elif self.kind == "set count":
            document["n"] = self.value
        elif self.kind == "aside":
            document["aside"][self.node] = self.value
        elif self.kind == "reorder":
            document["order"] = [*document["order"][1:], *document["order"][:1]]
        elif self.node not in nodes:
            nodes[self.node] = {"id": self.node, "status": "NEW", "text": "", "calls": []}
            document["order"].append(self.node)
        elif self.kind == "remove":
            del nodes[self.node]
            document["order"].remove(self.node)
        elif self.kind == "status":
            nodes[self.node]["status"] = self.value
        elif self.kind == "rewrite":
            nodes[self.node]["text"] = self.value
        elif self.kind == "text":
            text = nodes[self.node]["text"]
            nodes[self.node]["text"] = text + self.value if len(text) < MAX_TEXT else self.value
        else:
            calls = nodes[self.node]["calls"]
            calls.append({"tool": self.value, "ok": len(calls) % 2 == 0})
            if len(calls) > 3:
                del calls[0]


KINDS = ("text",) * 8 + ("status",) * 3 + ("call", "call", "rewrite", "remove", "reorder", "count")


def draw_change(draw: random.Random) -> Change:
    """Draw a change that is possible whatever the document is."""
    kind = draw.choice(KINDS)
    value = draw.choice(STATUSES) if kind == "status" else draw.choice(WORDS) * draw.choice((1, 1, 1, 3, 30))
    return Change(kind, f"n{draw.randrange(MAX_NODES)}", value)


def draw_settings(draw: random.Random) -> list[Change]:
    """Draw changes that mean the same whatever else was changed meanwhile: for edits that stay open."""
    aside = Change("aside", f"n{draw.randrange(3)}", draw.randrange(2**32))  # never what is there already
    return [aside, Change("set count", "", draw.randrange(-(2**32), 0))] if draw.random() < 0.3 else [aside]
