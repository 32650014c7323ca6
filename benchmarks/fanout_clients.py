"""Many real websocket clients of one server.

    python -m benchmarks.fanout_clients PORT WAY CODEC CLIENTS UPDATES DEFLATE

It prints `ready` when all have joined, and `{"updates": [...]}`, how many each got, when all have got `UPDATES`. They
speak Engine.IO and Socket.IO themselves, because 200 clients of python-socketio would measure the clients.
"""

import asyncio
import json
import sys
import time
from typing import Any

import websockets
from socketio.packet import Packet

from realtime_sync import EventReceived, Replica
from realtime_sync.replication.subscription import Subscription

ROOM = "project_42"
PATIENCE_S = 120


class Client:
    """One connection that counts the updates it got."""

    def __init__(self, url: str, way: str, codec: str, wanted: int, *, deflate: bool) -> None:
        self.updates = 0
        self.joined, self.served = asyncio.Event(), asyncio.Event()
        self._wanted = wanted
        self._url, self._way = url, way
        self._compression = "deflate" if deflate else None
        self._subscription = Subscription(ROOM, [codec], Replica())
        self._packet: Packet | None = None  # one that waits for its attachments

    async def run(self) -> None:
        async with websockets.connect(self._url, compression=self._compression, max_size=None) as self._socket:
            async for message in self._socket:
                await self._receive(message)
                if self.updates >= self._wanted:
                    self.served.set()

    async def _receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            assert self._packet is not None, "an attachment follows its packet"
            if self._packet.add_attachment(message):
                await self._receive_event(self._packet.data)
        elif message.startswith("0"):
            await self._socket.send("40")
        elif message.startswith("2"):
            await self._socket.send("3")
        elif message.startswith("40"):
            await self._join()
        elif message.startswith("430"):
            self.joined.set()
        elif message.startswith('42["task_update"'):
            self.updates += 1
        elif message.startswith("4"):
            self._packet = Packet(encoded_packet=message[1:])
            if not self._packet.attachment_count:
                await self._receive_event(self._packet.data)

    async def _join(self) -> None:
        if self._way == "frames":
            self._subscription.connected(time.monotonic())
            await self._say()
        else:
            await self._socket.send('420["join"]')  # 0 asks for an acknowledgement, which is 430

    async def _receive_event(self, arguments: list[Any]) -> None:
        if arguments[0] == "batch":
            self.updates += arguments[1]["count"]
        elif arguments[0] == "batch_update":
            body, answer = arguments[2], arguments[3] if len(arguments) > 3 else None
            happened = self._subscription.receive(body, answer, time.monotonic())
            self.updates += sum(isinstance(one, EventReceived) for one in happened)
            await self._say()
            if self._subscription.replica.has_document:
                self.joined.set()

    async def _say(self) -> None:
        for said in self._subscription.outgoing():
            await self._socket.send("42" + json.dumps([said.event, said.message]))


async def main(port: int, way: str, codec: str, count: int, updates: int, *, deflate: bool) -> None:
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    clients = [Client(url, way, codec, updates, deflate=deflate) for _ in range(count)]
    running = asyncio.gather(*(client.run() for client in clients))
    async with asyncio.timeout(PATIENCE_S):
        for client in clients:
            await client.joined.wait()
        print('"ready"', flush=True)
        for client in clients:
            await client.served.wait()
    print(json.dumps({"updates": [client.updates for client in clients]}), flush=True)
    await running


if __name__ == "__main__":
    words = sys.argv[1:]
    asyncio.run(main(int(words[0]), words[1], words[2], int(words[3]), int(words[4]), deflate=words[5] == "deflate"))
