"""The work on one file: which examiner takes it."""

from pathlib import PurePath

from examples.agent_server.content_kind import examine_content
from examples.agent_server.prose import examine_prose, is_prose
from examples.agent_server.python_source import examine_python, is_python
from examples.agent_server.reading import Content
from examples.agent_server.report import Report


def examine(name: str, content: Content) -> Report:
    """Return what is in a file.

    A file of which only the beginning was read is judged by its content: half a module does not parse.

    Raises:
        BrokenFile: It is not what its name promises.
    """
    suffix = PurePath(name).suffix.lower()
    if content.is_whole and is_python(suffix):
        return examine_python(name, content)
    if content.is_whole and is_prose(suffix, content):
        return examine_prose(name, content)
    return examine_content(name, content)
