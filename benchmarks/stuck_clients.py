"""A crowd of real websocket clients, some of which stop reading.

    python -m benchmarks.stuck_clients PORT ALL STUCK LAST

It prints `ready` when all have joined, and, when all but the stuck ones were told of the document whose `number` is
LAST, how long documents took to reach them: `{"latency_ms": {"median": ..., "p99": ...}}`. They look into the text of
frames and acknowledge them as our clients do, but hold no documents: two hundred replicas in one process would measure
the clients.
"""

import asyncio
import json
import re
import statistics
import sys
import time

import websockets

from realtime_sync.replication.acknowledgements import ACK_BYTES, ACK_FRAMES, ACK_IDLE_S

CHANNEL = "project_42"
PATIENCE_S = 150

POSITION = re.compile(r'"epoch":"([^"]+)".*?"offset":(\d+)')
SENT_AT = re.compile(r'"/?sent_at"(?:,"value")?:([\d.]+)')
NUMBER = re.compile(r'"/?number"(?:,"value")?:(\d+)')


class Client:
    """One connection; a stuck one stops reading once it has joined."""

    def __init__(self, url: str, last: int, *, is_stuck: bool) -> None:
        self.joined, self.served = asyncio.Event(), asyncio.Event()
        self.latencies: list[float] = []
        self._url, self._last, self._is_stuck = url, last, is_stuck
        self._position: list[object] | None = None
        self._unacked = self._unacked_bytes = 0

    async def run(self) -> None:
        # A stuck client answers no pings either, and is to be found out by the library alone.
        async with websockets.connect(self._url, compression=None, max_size=None, ping_interval=None) as self._socket:
            idle = asyncio.ensure_future(self._acknowledge_when_idle())
            async for message in self._socket:
                assert isinstance(message, str), "codec json is text"
                await self._receive(message)
                if self._is_stuck and self.joined.is_set():
                    idle.cancel()
                    await asyncio.Event().wait()  # never reads again; its buffers fill up

    async def _receive(self, message: str) -> None:
        if message.startswith("0"):
            await self._socket.send("40")
        elif message.startswith("2"):
            await self._socket.send("3")
        elif message.startswith("40"):
            hello = {"version": 1, "channel": CHANNEL, "request": "1", "codecs": ["json"], "position": None}
            await self._say("sync:subscribe", hello)
        elif (found := POSITION.search(message)) is not None:
            self._position = [found[1], int(found[2])]
            self._unacked += 1
            self._unacked_bytes += len(message)
            self.joined.set()
            self._look_at(message)
            if self._unacked >= ACK_FRAMES or self._unacked_bytes >= ACK_BYTES:
                await self._acknowledge()

    def _look_at(self, message: str) -> None:
        sent_at, number = SENT_AT.search(message), NUMBER.search(message)
        if sent_at is not None:
            self.latencies.append((time.time() - float(sent_at[1])) * 1e3)
        if number is not None and int(number[1]) == self._last:
            self.served.set()

    async def _acknowledge_when_idle(self) -> None:
        while True:
            await asyncio.sleep(ACK_IDLE_S)
            if self._unacked:
                await self._acknowledge()

    async def _acknowledge(self) -> None:
        self._unacked = self._unacked_bytes = 0
        await self._say("sync:ack", {"channel": CHANNEL, "position": self._position})

    async def _say(self, event: str, message: dict[str, object]) -> None:
        await self._socket.send("42" + json.dumps([event, message]))


async def main(port: int, count: int, stuck: int, last: int) -> None:
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    clients = [Client(url, last, is_stuck=number < stuck) for number in range(count)]
    running = asyncio.gather(*(client.run() for client in clients))
    async with asyncio.timeout(PATIENCE_S):
        for client in clients:
            await client.joined.wait()
        print('"ready"', flush=True)
        for client in clients[stuck:]:
            await client.served.wait()
    latencies = sorted(latency for client in clients[stuck:] for latency in client.latencies)
    found = {"median": statistics.median(latencies), "p99": latencies[len(latencies) * 99 // 100]}
    print(json.dumps({"latency_ms": found, "frames": len(latencies)}), flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:5])))
