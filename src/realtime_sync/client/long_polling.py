"""What python-engineio's clients leave undone where they talk by long polling.

They have no public hook for it: both ask and say everything by a method `_send_request`, which is wrapped here.
"""

import asyncio
from typing import Any

from realtime_sync.client.last_words import END_S
from realtime_sync.client.portions import Portions


def poll_in_portions(eio: Any) -> None:
    """Let an `engineio.Client` say no more at once than the server takes, and hear no more than it takes itself."""
    send, portions = eio._send_request, Portions()

    def send_portions(method: str, url: str, body: str | None = None, **options: Any) -> Any:
        answer: Any = portions.next(method, url)
        if answer is not None:
            return answer
        for portion in portions.said(body):
            answer = send(method, url, body=portion, **options)
            if isinstance(answer, str) or not answer.ok:
                return answer
        return portions.heard(method, answer, answer.content)

    eio._send_request = send_portions


class AsyncLongPolling:
    """The requests of a `socketio.AsyncClient` while it talks by long polling, and their end.

    By itself python-engineio never reads the answers to what it says, which keeps their connections from being used
    again; and of an answer to a question that is cut in the middle it never recovers: it counts as connected for ever.

    Args:
        sio: The client. From now on it reads every answer, says no more at once than the server takes, and hears no
            more than it takes itself.
    """

    def __init__(self, sio: Any) -> None:
        self._sio = sio
        self._send = sio.eio._send_request
        self._portions = Portions()
        self._under_way: set[asyncio.Future[Any]] = set()
        sio.eio._send_request = self._send_portions

    async def leave(self) -> None:
        """Disconnect, however the client is connected.

        With long polling, the last question of python-engineio's reader, for which `disconnect` waits, is answered only
        with the next ping: it is not waited for once its writer has said good-bye.
        """
        eio = self._sio.eio
        if eio.state != "connected" or eio.current_transport != "polling":
            await self._sio.disconnect()
            return
        writer = eio.write_loop_task  # None: it has failed already
        leaving = asyncio.ensure_future(self._sio.disconnect())
        try:
            if writer is not None:
                await asyncio.wait({writer}, timeout=END_S)
            for request in self._under_way:
                request.cancel()
            await leaving
        finally:
            leaving.cancel()

    async def _send_portions(self, method: str, url: str, body: str | None = None, **options: Any) -> Any:
        answer: Any = self._portions.next(method, url)
        if answer is not None:
            return answer
        for portion in self._portions.said(body):
            answer = await self._ask(method, url, body=portion, **options)
            if isinstance(answer, str) or not answer.ok:
                return answer
        return self._portions.heard(method, answer, await answer.read())  # which is here

    async def _ask(self, *arguments: Any, **options: Any) -> Any:
        """Return an answer that is wholly here, or as a string why there is none."""
        request = asyncio.ensure_future(self._ask_and_read(*arguments, **options))
        self._under_way.add(request)
        try:
            await asyncio.wait({request})
            return "the client leaves" if request.cancelled() else request.result()
        finally:
            self._under_way.discard(request)
            request.cancel()

    async def _ask_and_read(self, *arguments: Any, **options: Any) -> Any:
        import aiohttp  # may be missing until one connects

        answer = await self._send(*arguments, **options)
        if not isinstance(answer, str):
            try:
                await answer.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                return f"no answer: {error}"
        return answer
