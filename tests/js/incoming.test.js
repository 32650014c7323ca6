/** Dictionaries, and frames in parts, as a channel meets them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Backoff, MessageTooLarge, ProtocolError, connect } from "../../src/realtime_sync/js/index.js";
import { dictionaryBody, encodeAs } from "./encoders.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

const CODEC = "json+deflate+dictionary";
const DOCUMENT = { n: 7, text: "x".repeat(200) };
const [FIRST, SECOND, THIRD] = ["first", "second", "third"].map((word) => Buffer.from(`["d","A",1,1,[["/${word}"`));

const idOf = (content) => dictionaryBody(CODEC, content).id;
const write = (frame, dictionary) => encodeAs(CODEC, frame, dictionary);

/** A channel that is live at offset 1, and what is around it. */
function open({ codec = CODEC, options = {} } = {}) {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const hub = connect(socket, { clock, backoff: new Backoff({ baseS: 2, jitter: 0 }), ...options });
  socket.connect();
  const channel = hub.channel("a");
  socket.answer("keyframe", codec === "json" ? keyframe(1, DOCUMENT) : write(["k", "A", 1, DOCUMENT]), { codec });
  assert.equal(channel.status, "live");
  socket.take();
  return { socket, clock, hub, channel, send: (body, answer) => socket.batchUpdate("a", body, answer) };
}

const resync = (request, position, dictionaries) => [
  "sync:resync",
  { channel: "a", request, position, heard: ["A", 0], ...(dictionaries && { dictionaries }) },
];

describe("dictionaries", () => {
  test("a frame is read with the dictionary that came before it", () => {
    const { channel, send, hub } = open();
    send(dictionaryBody(CODEC, FIRST));
    send(write(["d", "A", 1, 1, [["", "=n", 8]]], FIRST));
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 8]);
    assert.equal(hub.stats.dictionaryBytes, dictionaryBody(CODEC, FIRST).data.length);
    assert.equal(hub.stats.garbage, 0);
  });

  test("a frame with an unknown one changes nothing but a question, asked once", () => {
    const { socket, channel, send } = open();
    const statuses = [];
    channel.subscribe(() => statuses.push(channel.status));
    send(write(["d", "A", 1, 1, [["", "=n", 8]]], FIRST));
    assert.deepEqual([channel.status, channel.getSnapshot().n, channel.error], ["live", 7, null]);
    assert.deepEqual(socket.take(), [resync("2", ["A", 1])]);
    send(write(["d", "A", 2, 1, [["", "=n", 9]]], FIRST));
    assert.deepEqual(socket.take(), []);
    send(dictionaryBody(CODEC, FIRST));
    socket.answer("patch", write(["d", "A", 1, 2, [["", "=n", 9]]], FIRST), { codec: CODEC });
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 9]);
    assert.deepEqual(statuses, ["live"], "told once, for the one frame");
  });

  test("the newest two are kept, and named in every question", () => {
    const { socket, send } = open();
    for (const content of [FIRST, SECOND, THIRD]) send(dictionaryBody(CODEC, content));
    send(delta(8, 9, []));
    assert.deepEqual(socket.take(), [resync("2", ["A", 1], [idOf(SECOND), idOf(THIRD)])]);
    send(dictionaryBody(CODEC, SECOND));
    send(dictionaryBody(CODEC, FIRST));
    socket.disconnect();
    socket.connect();
    assert.deepEqual(socket.take()[0][1].dictionaries, [idOf(SECOND), idOf(FIRST)], "what is sent again is new again");
  });

  test("they outlive connections and epochs", () => {
    const { socket, channel, send } = open();
    send(dictionaryBody(CODEC, FIRST));
    socket.disconnect();
    socket.connect();
    assert.deepEqual(socket.take()[0][1].dictionaries, [idOf(FIRST)]);
    socket.answer("keyframe", write(["k", "B", 1, DOCUMENT]), { codec: CODEC });
    send(write(["d", "B", 1, 1, [["", "=n", 8]]], FIRST));
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 8]);
  });

  test("those of one channel are not those of another", () => {
    const { socket, hub, send } = open();
    send(dictionaryBody(CODEC, FIRST));
    const other = hub.channel("b");
    assert.equal(socket.take()[0][1].dictionaries, undefined);
    socket.answer("keyframe", write(["k", "A", 1, DOCUMENT]), { codec: CODEC });
    socket.batchUpdate("b", write(["d", "A", 1, 1, []], FIRST));
    assert.equal(socket.take()[0][0], "sync:resync");
    assert.equal(other.status, "live");
  });

  const good = dictionaryBody(CODEC, FIRST);
  for (const [what, body] of Object.entries({
    "the id of another content": { ...good, id: idOf(SECOND) },
    "an id in capitals": { ...good, id: "ABCDEF01" },
    "an id that is a number": { ...good, id: 7 },
    "text for data": { ...good, data: "text" },
    "no data": { ...good, data: undefined },
    "data that is no envelope": { ...good, data: new Uint8Array([9]) },
    "data that needs a dictionary": { ...good, data: write({}, FIRST) },
    "data that is cut short": { ...good, data: good.data.subarray(0, -2) },
    "nothing in it": dictionaryBody(CODEC, Buffer.alloc(0)),
    "more in it than is allowed": dictionaryBody(CODEC, Buffer.alloc(32_769)),
    "a codec that was not offered": { ...good, codec: "json+zstd+dictionary" },
    "a codec without dictionaries": { ...good, codec: "json+deflate" },
    "no codec": { ...good, codec: undefined },
  })) {
    test(`no dictionary: ${what}`, () => {
      const { socket, channel, hub, send } = open();
      send(body);
      assert.equal(channel.status, "stale");
      assert.ok(channel.error instanceof ProtocolError, String(channel.error));
      assert.equal(hub.stats.garbage, 1);
      assert.deepEqual(socket.take(), [resync("2", ["A", 1])]);
    });
  }
});

/** The parts of an encoded frame. */
function inParts(whole, size, id = "1") {
  const count = Math.ceil(whole.length / size);
  return Array.from({ length: count }, (_, index) => ({
    type: "part",
    id,
    index,
    count,
    data: whole.slice(index * size, (index + 1) * size),
  }));
}

describe("parts", () => {
  for (const [codec, encode] of [
    ["json", (frame) => JSON.stringify(frame)],
    [CODEC, write],
  ]) {
    test(`${codec}: a frame in parts is applied with the last one, as one`, () => {
      const { channel, send, hub } = open({ codec });
      let told = 0;
      channel.subscribe(() => told++);
      const text = "žluťoučký \u{1F680}";
      const parts = inParts(encode(delta(1, 2, replace("/text", text))), 30);
      assert.ok(parts.length > 2);
      const before = hub.stats.bytes ?? 0;
      parts.forEach((part, index) => {
        assert.equal(channel.getSnapshot().text, DOCUMENT.text, `nothing before part ${index}`);
        send(part);
      });
      assert.deepEqual([channel.status, channel.getSnapshot().text, told], ["live", text, 1]);
      assert.equal(hub.stats.garbage, 0);
      assert.equal(hub.stats.bytes - before, Buffer.concat(parts.map(({ data }) => Buffer.from(data))).length);
    });

    test(`${codec}: a whole frame between two parts ends what was begun`, () => {
      const { channel, send } = open({ codec });
      const parts = inParts(encode(delta(2, 3, replace("/n", 9))), 30);
      send(parts[0]);
      const whole = delta(1, 2, replace("/n", 8));
      send(codec === "json" ? whole : write(whole));
      for (const part of parts.slice(1)) send(part);
      assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 8]);
      for (const part of inParts(encode(delta(2, 3, replace("/n", 9))), 30, "2")) send(part);
      assert.equal(channel.getSnapshot().n, 9);
    });
  }

  test("a dictionary between two parts ends what was begun", () => {
    const { channel, send } = open();
    const [first, ...rest] = inParts(write(delta(1, 2, replace("/n", 8))), 12);
    send(first);
    send(dictionaryBody(CODEC, FIRST));
    for (const part of rest) send(part);
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 7]);
  });

  for (const [what, message] of [
    ["a part that is none", [{ type: "part", id: "1", index: 3, count: 2, data: "x" }]],
    ["an answer that is none", [null, { outcome: "sideways" }]],
  ]) {
    test(`${what} between two parts ends what was begun`, () => {
      const { channel, send } = open();
      const [first, ...rest] = inParts(write(delta(1, 2, replace("/n", 8))), 12);
      send(first);
      send(...message);
      for (const part of rest) send(part);
      assert.deepEqual([channel.status, channel.getSnapshot().n], ["stale", 7]);
    });
  }

  test("json: a reader takes both forms, whole and in parts", () => {
    const { channel, send } = open({ codec: "json" });
    send(["d", "A", 1, 1, [["", "=n", 8]]]);
    for (const part of inParts(JSON.stringify(["d", "A", 2, 1, [["", "=n", 9]]]), 9)) send(part);
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 9]);
  });

  test("an answer in parts holds the question open for as long as parts come, and no longer", () => {
    const { socket, clock, channel, send } = open();
    send(delta(8, 9, []));
    const [, { request }] = socket.take()[0];
    const answer = { request, outcome: "keyframe", codec: CODEC };
    const parts = inParts(write(["k", "A", 9, { n: 9, text: "y".repeat(300) }]), 5);
    assert.ok(parts.length > 3);
    for (const part of parts.slice(0, -1)) {
      clock.pass(1.9);
      send(part, answer);
      assert.deepEqual(socket.take(), [], "the answer is on its way");
    }
    clock.pass(1.9);
    send(parts.at(-1), answer);
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 9]);
    clock.pass(100);
    assert.deepEqual(socket.take(), [["sync:ack", { channel: "a", position: ["A", 9] }]]);
  });

  test("parts that stop coming are asked for again", () => {
    const { socket, clock, send } = open();
    send(delta(8, 9, []));
    const [, { request }] = socket.take()[0];
    send(inParts(write(["k", "A", 9, DOCUMENT]), 12)[0], { request, outcome: "keyframe", codec: CODEC });
    clock.pass(2.1);
    assert.deepEqual(socket.take(), [resync("3", ["A", 1])]);
  });

  test("parts of live frames do not hold a question open", () => {
    const { socket, clock, send } = open();
    send(delta(8, 9, []));
    socket.take();
    clock.pass(1.9);
    send(inParts(write(["k", "A", 9, DOCUMENT]), 12)[0]);
    clock.pass(0.2);
    assert.equal(socket.take().length, 1);
  });

  test("a frame that was begun ends with its connection", () => {
    const { socket, channel, send } = open();
    const [first, ...rest] = inParts(write(delta(1, 2, replace("/n", 8))), 12);
    send(first);
    socket.disconnect();
    socket.connect();
    socket.answer("up_to_date", null, { position: ["A", 1], codec: CODEC });
    for (const part of rest) send(part);
    assert.deepEqual([channel.status, channel.getSnapshot().n], ["live", 7]);
  });

  test("parts that are together larger than allowed are one clear error", () => {
    const { channel, send } = open({ options: { limits: { maxEncodedBytes: 500 } } });
    const parts = inParts(Buffer.alloc(2_000), 300);
    send(parts[0]);
    assert.equal(channel.status, "live");
    send(parts[1]);
    assert.match(channel.error.message, /600 is over maxEncodedBytes=500/);
    assert.equal(channel.status, "stale");
  });

  test("parts of what is no frame are one clear error", () => {
    for (const [codec, whole] of [
      ["json", '{"type":'],
      ["json", '["k","A"]'],
      [CODEC, Buffer.from("garbage")],
    ]) {
      const { channel, send, hub } = open({ codec });
      for (const part of inParts(whole, 4)) send(part);
      assert.ok(channel.error instanceof ProtocolError);
      assert.equal(hub.stats.garbage, 1);
    }
  });

  test("a part that is none is one clear error", () => {
    const { channel, send } = open();
    send({ type: "part", id: "1", index: 3, count: 2, data: "x" });
    assert.equal(channel.status, "stale");
  });
});

describe("messages that the server would not take", () => {
  const tooLarge = (allowed) => (error) =>
    error instanceof MessageTooLarge && error.allowed === allowed && error.found > allowed && error.limit === "maxPayload";

  test("a name as long as a message is refused before it is sent", () => {
    const { socket, hub } = open();
    const name = "x".repeat(1_000_000);
    assert.throws(() => hub.channel(name), tooLarge(1_000_000));
    assert.throws(() => hub.channel(name), /takes 10\d{5} bytes, over maxPayload=1000000, and was not sent/);
    assert.deepEqual(socket.take(), []);
  });

  test("so is a pointer, and bytes count, not characters", async () => {
    const { socket, channel } = open();
    await assert.rejects(channel.fetch("/" + "x".repeat(1_000_000)), tooLarge(1_000_000));
    await assert.rejects(channel.fetch("/" + "é".repeat(500_000)), tooLarge(1_000_000));
    assert.deepEqual(socket.take(), []);
    channel.fetch("/" + "x".repeat(999_000));
    assert.equal(socket.take().length, 1);
  });

  for (const name of ["_maxPayload", "maxPayload"]) {
    test(`what the server says in its handshake counts, where the library calls it ${name}`, async () => {
      const { socket, channel, hub } = open();
      socket.io = { engine: { [name]: 2_000 } };
      await assert.rejects(channel.fetch("/" + "x".repeat(2_000)), tooLarge(2_000));
      assert.throws(() => hub.channel("x".repeat(2_000)), tooLarge(2_000));
      socket.io.engine[name] = 5_000_000;
      channel.fetch("/" + "x".repeat(4_000_000));
      socket.io.engine[name] = -1; // before the handshake
      await assert.rejects(channel.fetch("/" + "x".repeat(1_000_000)), tooLarge(1_000_000));
    });
  }

  test("a server that takes no request at all ends in an error, not in a storm of connections", () => {
    const { socket, clock, channel } = open();
    socket.disconnect();
    socket.io = { engine: { maxPayload: 50 } };
    socket.connect();
    assert.ok(channel.error instanceof MessageTooLarge);
    assert.equal(channel.status, "stale");
    clock.pass(1_000);
    assert.deepEqual(socket.take(), []);
  });
});
