import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connect } from "../../src/realtime_sync/js/index.js";
import { Outbox } from "../../src/realtime_sync/js/outbox.js";
import { FakeClock, FakeSocket } from "./fakes.js";

/** What engine.io-client does with packets: those of one request are under way until it is drained, others wait. */
class FakeEngine {
  transport = { name: "polling" };
  writeBuffer = [];
  requests = [];
  #underWay = 0;
  #drained = [];

  write(packet) {
    this.writeBuffer.push(packet);
    if (this.#underWay === 0) this.#flush();
  }

  once(event, listener) {
    assert.equal(event, "drain");
    this.#drained.push(listener);
  }

  /** The request under way was answered. */
  answer() {
    this.writeBuffer.splice(0, this.#underWay);
    this.#underWay = 0;
    if (this.writeBuffer.length > 0) this.#flush();
    else for (const listener of this.#drained.splice(0)) listener();
  }

  #flush() {
    this.requests.push([...this.writeBuffer]);
    this.#underWay = this.writeBuffer.length;
  }
}

class EngineSocket extends FakeSocket {
  io = { engine: new FakeEngine() };

  emit(event, message) {
    super.emit(event, message);
    this.io.engine.write(message.n ?? message.channel);
  }
}

function opened() {
  const socket = new EngineSocket();
  return { socket, outbox: new Outbox(socket), engine: socket.io.engine };
}

const upTo = (count) => Array.from({ length: count }, (_, n) => n);

describe("an outbox", () => {
  test("says by long polling no more than twelve at once, in order", () => {
    const { outbox, engine } = opened();
    for (const n of upTo(100)) outbox.emit("say", { n });
    while (engine.writeBuffer.length > 0) engine.answer();
    assert.deepEqual(engine.requests.flat(), upTo(100));
    assert.deepEqual(new Set(engine.requests.map(({ length }) => length)), new Set([1, 11, 3]));
  });

  test("counts what others have said", () => {
    const { outbox, engine } = opened();
    for (const n of upTo(13)) engine.write(`other ${n}`);
    outbox.emit("say", { n: 0 });
    assert.equal(engine.writeBuffer.length, 13);
    engine.answer();
    engine.answer();
    assert.deepEqual(engine.requests.at(-1), [0]);
  });

  test("says all at once over a WebSocket, what waited for the change included", () => {
    const { socket, outbox, engine } = opened();
    for (const n of upTo(20)) outbox.emit("say", { n });
    assert.equal(socket.sent.length, 12);
    engine.transport = { name: "websocket" };
    outbox.emit("say", { n: 20 });
    assert.deepEqual(
      socket.sent.map(([, { n }]) => n),
      upTo(21),
    );
  });

  test("forgets what waits when the connection is gone, and begins anew on the next", () => {
    const { socket, outbox, engine } = opened();
    for (const n of upTo(20)) outbox.emit("say", { n });
    outbox.clear();
    socket.io.engine = new FakeEngine();
    for (const n of upTo(20)) outbox.emit("say", { n: `new ${n}` });
    while (engine.writeBuffer.length > 0) engine.answer(); // late, and nobody's business
    assert.equal(socket.io.engine.writeBuffer.length, 12);
    while (socket.io.engine.writeBuffer.length > 0) socket.io.engine.answer();
    assert.deepEqual(
      socket.io.engine.requests.flat(),
      upTo(20).map((n) => `new ${n}`),
    );
  });

  test("a hub has one, and clears it", () => {
    const socket = new EngineSocket();
    const hub = connect(socket, { clock: new FakeClock() });
    const names = upTo(20).map((n) => `c${n}`);
    for (const name of names) hub.channel(name);
    socket.connect();
    assert.equal(socket.take().length, 12);
    socket.disconnect();
    socket.io.engine = new FakeEngine();
    socket.connect();
    while (socket.io.engine.writeBuffer.length > 0) socket.io.engine.answer();
    assert.deepEqual(
      socket.take().map(([event, { channel }]) => [event, channel]),
      names.map((name) => ["sync:subscribe", name]),
    );
  });
});
