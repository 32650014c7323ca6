"""A connection that ends between a text and its attachments takes nothing of the next one with it.

python-socketio's clients run a task for each message, and forget half a packet when the connection is lost; a text
whose task runs after that waits for its attachment, and takes the first words of the next connection for it.
"""

import asyncio

from realtime_sync.client import Backoff, Status
from tests.client import test_async_client, test_sync_client
from tests.servers import eventually, serving

TEXT_WITHOUT_ATTACHMENT = '51-["blob",{"_placeholder":true,"num":0}]'
NOT_AT_ONCE = Backoff(base_s=0.2, factor=1.0, cap_s=0.2, jitter=0.0, attempts=None)
SOON_S = 5
"""Less than a client waits for a server to let it in."""


async def test_the_client_on_asyncio_comes_back_at_once() -> None:
    _, _, app = test_async_client.served({"n": 0})
    async with serving(app) as server, test_async_client.client_of(server.url, backoff=NOT_AT_ONCE) as client:
        watched = await client.channel("c").ready()
        await client.sio.eio.disconnect(abort=True)
        await eventually(lambda: watched.status is Status.OFFLINE)
        await client.sio._handle_eio_message(TEXT_WITHOUT_ATTACHMENT)
        await asyncio.wait_for(watched.ready(), SOON_S)
        assert client.reconnects == 1


def test_the_client_on_threads_comes_back_at_once() -> None:
    with (
        test_sync_client.served({"c": {"n": 0}}) as server,
        test_sync_client.client_of(server.url, backoff=NOT_AT_ONCE) as client,
    ):
        watched = client.channel("c").ready(10)
        server.cut()
        watched.wait_for(lambda: watched.status is Status.OFFLINE, 10)
        eio = client.sio.eio
        eio.start_background_task(eio.handlers["message"], TEXT_WITHOUT_ATTACHMENT)
        watched.ready(SOON_S)
        assert client.reconnects == 1
