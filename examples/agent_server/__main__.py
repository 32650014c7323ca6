"""`python -m examples.agent_server [FOLDER] [--headless --json]`."""

import asyncio
import json
import sys

from examples.agent_server.headless import run_headless
from examples.agent_server.options import Arguments, parse_arguments
from examples.agent_server.server import AgentServer
from examples.agent_server.serving import listen, url_of, web_server


def main() -> int:
    """Do what the command line says; return the exit status."""
    arguments = parse_arguments()
    try:
        return asyncio.run(_headless(arguments) if arguments.headless else _serve(arguments))
    except KeyboardInterrupt:
        return 130 if arguments.headless else 0
    except (OSError, TimeoutError) as error:
        print(f"agent_server: {error}", file=sys.stderr)
        return 1


async def _serve(arguments: Arguments) -> int:
    server = AgentServer(arguments.folder, arguments.run)
    listening = listen(arguments.host, arguments.port)
    print(f"Looking into {server.session.folder} at {url_of(listening)}  (Ctrl+C ends it)", flush=True)
    await web_server(server.app).serve(sockets=[listening])
    return 0


async def _headless(arguments: Arguments) -> int:
    figures = await run_headless(
        arguments.folder, arguments.run, codecs=arguments.codecs, timeout_s=arguments.timeout_s
    )
    print(json.dumps(figures.to_json()) if arguments.json else figures.in_words())
    return 0 if figures.converged else 1


if __name__ == "__main__":
    sys.exit(main())
