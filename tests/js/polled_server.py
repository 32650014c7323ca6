"""A server whose sockets can be blocked: `python -m tests.js.polled_server`. It prints its port when it serves.

It has one channel, `c`, and takes POST of JSON at `/control`: {"sockets": bool, "polls": bool}, whether they get
through; {"publish": value}. The reply: {"polls": how many there were, "subscriptions": now}.
"""

import asyncio
import socket

import orjson
import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

import realtime_sync as rs
from tests.client.blocked import Network

network = Network(sockets=False)
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


def may_watch(subscriber: rs.Subscriber, channel: str, action: str) -> bool:
    return channel == "c" and subscriber.auth == {"token": "t"}


hub = rs.attach(sio, authorize=may_watch)
hub.channel("c", initial={"n": 0, "filling": "x" * 5_000})


async def control(request: Request) -> Response:
    order = orjson.loads(await request.body())
    network.lets_sockets_through = order.get("sockets", network.lets_sockets_through)
    network.lets_polls_through = order.get("polls", network.lets_polls_through)
    if "publish" in order:
        hub.channel("c").publish(order["publish"], at="/n")
        await hub.channel("c").flush()
    return JSONResponse({"polls": network.polls, "subscriptions": hub.get_stats().subscriptions})


app = Starlette(routes=[Route("/control", control, methods=["POST"]), Mount("/", network.asgi(sio, hub))])


async def main() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.005)
        print(listening.getsockname()[1], flush=True)
        async with hub:
            await serving


if __name__ == "__main__":
    asyncio.run(main())
