/** A reader says how far it has read: often enough under load, once after a burst, never about what it does not hold. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ACK_BYTES, ACK_FRAMES, ACK_IDLE_S } from "../../src/realtime_sync/js/acknowledgements.js";
import { Backoff, SubscriptionRefused, connect } from "../../src/realtime_sync/js/index.js";
import { estimateJsonSize } from "../../src/realtime_sync/js/json_size.js";
import { encodeAs } from "./encoders.js";
import { FakeClock, FakeSocket, delta, keyframe } from "./fakes.js";

const CODEC = "json+deflate";

/** A channel that holds `document` at offset 1, and what is around it. */
function live(document = "", codec = "json") {
  const [socket, clock] = [new FakeSocket(), new FakeClock()];
  const hub = connect(socket, { clock, backoff: new Backoff({ baseS: 2, jitter: 0 }) });
  socket.connect();
  const channel = hub.channel("c");
  socket.take();
  const whole = codec === "json" ? keyframe(1, document) : encodeAs(codec, ["k", "A", 1, document]);
  socket.answer("keyframe", whole, { codec });
  assert.equal(channel.status, "live");
  const send = (body, answer) => socket.batchUpdate("c", body, answer);
  return { socket, clock, hub, channel, send };
}

const grow = (offset, text = "x") => delta(offset - 1, offset, [{ op: "append", path: "", value: text }]);
const ack = (offset) => ["sync:ack", { channel: "c", position: ["A", offset] }];

describe("what is said, and when", () => {
  test("every thirty-second frame", () => {
    const { socket, send, hub } = live();
    for (let offset = 2; offset < 2 + 3 * ACK_FRAMES; offset++) send(grow(offset));
    assert.deepEqual(socket.take(), [ack(ACK_FRAMES), ack(2 * ACK_FRAMES), ack(3 * ACK_FRAMES)]);
    assert.equal(hub.stats.acks, 3);
  });

  test("a large frame at once", () => {
    const { socket, send } = live();
    send(grow(2, "x".repeat(ACK_BYTES)));
    assert.deepEqual(socket.take(), [ack(2)]);
  });

  test("a large document at once", () => {
    assert.deepEqual(live("x".repeat(ACK_BYTES)).socket.take(), [ack(1)]);
    assert.deepEqual(live(Array.from({ length: ACK_BYTES }, () => ({}))).socket.take(), [ack(1)]);
  });

  test("many bytes in few frames", () => {
    const { socket, send } = live();
    for (let offset = 2; offset < 6; offset++) send(grow(offset, "x".repeat(ACK_BYTES / 4)));
    assert.deepEqual(socket.take(), [ack(5)]);
  });

  test("the last frame of a burst, once", () => {
    const { socket, clock, send } = live();
    clock.pass(0.5);
    for (let offset = 2; offset < 7; offset++) send(grow(offset));
    clock.pass(ACK_IDLE_S - 0.01);
    assert.deepEqual(socket.take(), []);
    clock.pass(0.01);
    assert.deepEqual(socket.take(), [ack(6)]);
    clock.pass(100);
    assert.deepEqual(socket.take(), []);
    assert.equal(clock.pending, 0);
  });

  test("frames that come meanwhile put it off", () => {
    const { socket, clock, send } = live();
    for (let offset = 2; offset < 10; offset++) {
      clock.pass(0.9);
      send(grow(offset));
    }
    assert.deepEqual(socket.take(), []);
    clock.pass(ACK_IDLE_S);
    assert.deepEqual(socket.take(), [ack(9)]);
  });

  test("before the application is told: one that is slow to draw does not look slow to read", () => {
    const { socket, channel, send } = live();
    let said;
    channel.subscribe(() => (said = socket.take()));
    send(grow(2, "x".repeat(ACK_BYTES)));
    assert.deepEqual(said, [ack(2)]);
  });

  test("bytes count as they came, compressed", () => {
    const { socket, send } = live("", CODEC);
    send(encodeAs(CODEC, ["d", "A", 1, 1, [[null, "~", "x".repeat(2 * ACK_BYTES)]]]));
    assert.deepEqual(socket.take(), []);
    const noise = Array.from({ length: ACK_BYTES }, (_, index) => ((index * 2654435761) >>> 0).toString(36)).join("");
    send(encodeAs(CODEC, ["d", "A", 2, 1, [[null, "~", noise]]]));
    assert.deepEqual(socket.take(), [ack(3)]);
  });

  test("parts count together, when the frame is whole", () => {
    const { socket, send } = live();
    const text = JSON.stringify(grow(2, "x".repeat(ACK_BYTES)));
    const half = Math.ceil(text.length / 2);
    const part = (index, data) => ({ type: "part", id: "1", index, count: 2, data });
    send(part(0, text.slice(0, half)));
    assert.deepEqual(socket.take(), []);
    send(part(1, text.slice(half)));
    assert.deepEqual(socket.take(), [ack(2)]);
  });
});

describe("what is not said", () => {
  test("what was dropped does not count", () => {
    const { socket, clock, send } = live();
    send(grow(2));
    clock.pass(5);
    socket.take();
    for (let times = 0; times < 2 * ACK_FRAMES; times++) send(grow(2));
    clock.pass(5);
    assert.deepEqual(socket.take(), []);
  });

  test("a replica that lost the thread acknowledges nothing", () => {
    const { socket, clock, send } = live();
    send(grow(2));
    send(grow(9));
    clock.pass(ACK_IDLE_S);
    assert.deepEqual(
      socket.take().map(([event]) => event),
      ["sync:resync"],
    );
  });

  test("a new connection owes nothing for the last one", () => {
    const { socket, clock } = live();
    socket.disconnect();
    assert.equal(clock.pending, 0);
    socket.connect();
    socket.take();
    socket.answer("up_to_date", null, { position: ["A", 1] });
    clock.pass(100);
    assert.deepEqual(socket.take(), []);
  });

  test("a channel that was closed here owes nothing", () => {
    const { socket, clock, channel, send } = live();
    channel.subscribe(() => channel.close());
    send(grow(2));
    clock.pass(100);
    assert.deepEqual(socket.take(), [["sync:unsubscribe", { channel: "c" }]]);
    assert.equal(clock.pending, 0);
  });
});

describe("one that was let go", () => {
  const tooSlow = { outcome: "too_slow", message: "you did not keep up" };

  test("shows what it has as stale, says why, and comes back later with its position", () => {
    const { socket, clock, channel, send } = live("text");
    send(null, tooSlow);
    assert.deepEqual([channel.status, channel.getSnapshot()], ["stale", "text"]);
    assert.ok(channel.error instanceof SubscriptionRefused);
    assert.equal(channel.error.message, 'channel "c": too_slow (you did not keep up)');
    clock.pass(2.9);
    assert.deepEqual(socket.take(), [], "it owes nothing, and waits");
    clock.pass(0.1);
    const [[event, { position }], ...more] = socket.take();
    assert.deepEqual([event, position, more], ["sync:subscribe", ["A", 1], []]);
    assert.equal(channel.error.outcome, "too_slow");
    socket.answer("patch", delta(1, 5, [{ op: "append", path: "", value: "!" }]));
    assert.deepEqual([channel.status, channel.getSnapshot(), channel.error], ["live", "text!", null]);
  });

  test("stays closed when it was", () => {
    const { clock, channel, send } = live();
    send({ type: "closed", epoch: "A", reason: "archived" });
    send(null, tooSlow);
    assert.deepEqual([channel.status, channel.error.reason], ["closed", "archived"]);
    clock.pass(100);
    assert.equal(clock.pending, 0);
  });
});

describe("the size of a value that was parsed already", () => {
  const delta = { type: "delta", patch: [{ op: "add", path: "/n7" }] };
  for (const value of ["text", 1.5, null, [], {}, ["a", ["b", { c: "d" }]], delta]) {
    const text = JSON.stringify(value);
    test(`of ${text} is about right`, () => {
      const found = estimateJsonSize(value, ACK_BYTES);
      assert.ok(text.length <= found && found <= text.length + 10, `${found}, not ${text.length}`);
    });
  }

  test("is not looked for beyond what is enough", () => {
    let looks = 0;
    const look = () => {
      looks++;
      return "text";
    };
    const get = (target, key) => (/^\d+$/.test(String(key)) ? look() : target[key]);
    const list = new Proxy(new Array(1_000_000).fill("text"), { get });
    assert.ok(estimateJsonSize([list, list], 1_000) >= 1_000);
    assert.ok(looks <= 1_000, `${looks}`);
  });
});
