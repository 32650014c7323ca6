"""An agent server: a hierarchical run over a folder, live in every browser that watches.

    python -m examples.agent_server [FOLDER]
    python -m examples.agent_server [FOLDER] --headless --json

There is no LLM and nothing is canned: a folder is split into its entries, a file is read and examined, and what was
found is written down piece by piece and gathered upward.

| file | holds |
|---|---|
| `plan`, `reading` | how a folder becomes tasks; how a file is opened, and how much of it is read |
| `inspect_file`, `python_source`, `prose`, `content_kind` | the work: what is in a file |
| `report`, `folder_report`, `plain_text` | what the work brings, of a file and of a folder; text that is fit for JSON |
| `document`, `task_graph`, `document_size` | the shape of the document; its one writer; what it would cost whole |
| `questions`, `run` | asking a human; the run itself. Up to here nothing knows of a server |
| `session`, `socket_meter` | one folder on one channel; bytes counted at the sockets |
| `server`, `serving` | the web application; its port |
| `headless`, `options`, `__main__` | a real client without a browser; the command line |
"""
