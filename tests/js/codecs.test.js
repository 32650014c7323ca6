import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";

import { decode, encode } from "@msgpack/msgpack";
import { gunzipSync, unzlibSync } from "fflate";

import { ProtocolError, binaryCodec, connect, parseJson } from "../../src/realtime_sync/js/index.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

const jsonBytes = (value) => new TextEncoder().encode(JSON.stringify(value));

/** How the server writes each codec, and how this package reads it. */
const CODECS = {
  "json+gzip": [(frame) => gzipSync(jsonBytes(frame)), binaryCodec("json+gzip", gunzipSync, parseJson)],
  "json+deflate": [(frame) => deflateSync(jsonBytes(frame)), binaryCodec("json+deflate", unzlibSync, parseJson)],
  msgpack: [(frame) => encode(frame), binaryCodec("msgpack", decode)],
  "msgpack+gzip": [(frame) => gzipSync(encode(frame)), binaryCodec("msgpack+gzip", gunzipSync, decode)],
};

const DOCUMENT = { n: 7, text: "žluťoučký \u{1F680}", list: [null, true, 1.5, { "": [] }] };

/** A channel on a connection that speaks `codec`. */
function open(codec) {
  const socket = new FakeSocket();
  const hub = connect(socket, { codecs: [codec, "json"], clock: new FakeClock() });
  socket.connect();
  return { socket, hub, channel: hub.channel("a") };
}

for (const [name, [write, codec]] of Object.entries(CODECS)) {
  test(`${name}: frames come as bytes, the first with the answer that names the codec`, () => {
    const { socket, hub, channel } = open(codec);
    const first = write(keyframe(1, DOCUMENT));
    socket.answer("keyframe", first, { codec: name });
    assert.deepEqual(channel.getSnapshot(), DOCUMENT);
    const second = write(delta(1, 2, replace("/n", 8), { events: [["e", { x: 1 }]] }));
    socket.batchUpdate("a", second.buffer.slice(second.byteOffset, second.byteOffset + second.byteLength));
    assert.equal(channel.getSnapshot().n, 8, "an ArrayBuffer, as browsers have it");
    socket.batchUpdate("a", Buffer.concat([Buffer.from("xx"), write(delta(2, 3, replace("/n", 9)))]).subarray(2));
    assert.equal(channel.getSnapshot().n, 9, "a Buffer that is part of a larger one, as Node has it");
    assert.ok(hub.stats.bytes > first.length + second.length);
  });

  test(`${name}: a frame cut short, or of another codec, makes one clear error and a resync`, () => {
    const bytes = write(keyframe(1, DOCUMENT));
    const wrong = [
      new Uint8Array(),
      bytes.subarray(0, 1),
      bytes.subarray(0, bytes.length - 5),
      write(7),
      jsonBytes("\u0000"),
    ];
    for (const garbage of wrong) {
      const { socket, channel } = open(codec);
      socket.answer("keyframe", write(keyframe(1, DOCUMENT)), { codec: name });
      socket.batchUpdate("a", garbage);
      assert.equal(channel.status, "stale");
      assert.ok(channel.error instanceof ProtocolError, String(channel.error));
      assert.equal(socket.take().at(-1)[0], "sync:resync");
    }
  });
}

test("the codec that was agreed ends with the connection", () => {
  const { socket, channel } = open(CODECS.msgpack[1]);
  socket.answer("keyframe", encode(keyframe(1, DOCUMENT)), { codec: "msgpack" });
  socket.disconnect();
  socket.connect();
  socket.batchUpdate("a", encode(delta(1, 2, [])));
  assert.match(channel.error.message, /bytes of codec json/);
});

test("bytes of a codec that was not offered are an error that names it", () => {
  const { socket, channel } = open(CODECS.msgpack[1]);
  socket.answer("keyframe", new Uint8Array([1]), { codec: "json+zstd" });
  assert.match(channel.error.message, /bytes of codec json\+zstd, for which connect\(\) was given no decoder/);
});

test("an error of a decoder names its codec", () => {
  assert.throws(
    () => CODECS["json+gzip"][1].decode(jsonBytes({})),
    /^ProtocolError: not a frame of codec json\+gzip: /,
  );
  assert.throws(
    () => parseJson(new Uint8Array([0x22, 0xff, 0x22])),
    TypeError,
    "what is no UTF-8 is not replaced in silence",
  );
});
