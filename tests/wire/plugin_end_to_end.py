"""A real server and a real client that speak a codec of another package; prints what they held, as JSON.

PYTHONPATH=where/the/package/is/installed python -m tests.wire.plugin_end_to_end NAME_OF_THE_CODEC
"""

import asyncio
import json
import sys
from typing import Any
from unittest.mock import patch

import socketio

import realtime_sync as rs
from realtime_sync.client import AsyncSyncClient
from tests.servers import eventually, serving


async def held_by_both_ends(codec_name: str) -> dict[str, Any]:
    codec = rs.get_codec(codec_name)
    sio = socketio.AsyncServer(async_mode="asgi")
    hub = rs.attach(sio, authorize=rs.allow_everyone, window_ms=5)
    channel = hub.channel("c", initial={"texts": {"a": ""}})
    with patch.object(codec, "decode", wraps=codec.decode) as decode:
        async with hub, serving(socketio.ASGIApp(sio)) as server:
            client = AsyncSyncClient(server.url, codecs=(codec_name,), transports=["websocket"])
            async with client:
                watched = await client.channel("c").ready()
                for word in ("one ", "two ", "three"):
                    channel.append_text("/texts/a", word)
                    await channel.flush()
                await eventually(lambda: watched.position == channel.position)
                held = rs.normalize(watched.document)
    began = [call.args[0][:3].decode() for call in decode.call_args_list]
    return {"server": rs.normalize(channel.document), "client": held, "bodies_began_with": began}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(held_by_both_ends(sys.argv[1]))))
