import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { io } from "socket.io-client";

import { Backoff, reconnect, reconnectOptions } from "../../src/realtime_sync/js/index.js";
import { FakeClock, FakeSocket } from "./fakes.js";

/** A socket whose attempts to connect are counted. */
class CountedSocket extends FakeSocket {
  active = true;
  attempts = 0;

  connect() {
    this.attempts++;
  }

  succeed() {
    super.connect();
  }
}

function open(options = {}) {
  const [socket, clock] = [new CountedSocket(), new FakeClock()];
  let givenUp = 0;
  const end = reconnect(socket, new Backoff({ jitter: 0, ...options }), { clock, onGivingUp: () => givenUp++ });
  return { socket, clock, end, givenUp: () => givenUp };
}

test("a lost connection is tried again after 1 s, then 1.5 times as long each time, 10 times, up to 30 s", () => {
  const { socket, clock, givenUp } = open();
  socket.succeed();
  socket.disconnect();
  const delays = [];
  for (let attempt = 0; attempt < 10; attempt++) {
    const start = clock.now();
    while (socket.attempts === attempt) clock.pass(1 / 1024);
    delays.push(clock.now() - start);
    socket.failToConnect();
  }
  delays.forEach((delay, attempt) => assert.ok(Math.abs(delay - Math.min(30, 1.5 ** attempt)) < 0.01, `${delay}`));
  assert.equal(givenUp(), 1);
  clock.pass(1_000);
  assert.equal(socket.attempts, 10);
});

test("a connection that is up again begins anew", () => {
  const { socket, clock } = open();
  for (let round = 1; round <= 3; round++) {
    socket.disconnect();
    clock.pass(1);
    assert.equal(socket.attempts, round);
    socket.succeed();
  }
  assert.equal(clock.pending, 0);
});

test("two losses in a row are one", () => {
  const { socket, clock } = open();
  socket.disconnect();
  socket.failToConnect();
  assert.equal(clock.pending, 1);
});

test("whom the server or the application sent away stays away", () => {
  const { socket, clock } = open();
  socket.active = false;
  socket.disconnect();
  assert.equal(clock.pending, 0);
  socket.active = true;
  socket.disconnect();
  socket.active = false;
  clock.pass(100);
  assert.equal(socket.attempts, 0);
});

test("jitter is added, never taken off", () => {
  const { socket, clock } = open({ jitter: 0.3, random: () => 0.999 });
  socket.disconnect();
  clock.pass(1.29);
  assert.equal(socket.attempts, 0);
  clock.pass(0.02);
  assert.equal(socket.attempts, 1);
});

test("it can be ended", () => {
  const { socket, clock, end } = open();
  socket.disconnect();
  end();
  clock.pass(100);
  socket.disconnect();
  assert.deepEqual([socket.attempts, clock.pending], [0, 0]);
});

test("the options for io() are in Socket.IO's words", () => {
  assert.deepEqual(reconnectOptions(), {
    reconnection: true,
    reconnectionAttempts: 10,
    reconnectionDelay: 1_000,
    reconnectionDelayMax: 30_000,
    randomizationFactor: 0.3,
  });
  assert.equal(reconnectOptions(new Backoff({ attempts: 0 })).reconnection, false);
  assert.equal(reconnectOptions(new Backoff({ attempts: Infinity })).reconnectionAttempts, Infinity);
});

test("a back-off that could not be one is refused", () => {
  for (const options of [{ baseS: 0 }, { factor: 0.5 }, { capS: 0 }, { jitter: -1 }, { attempts: -1 }])
    assert.throws(() => new Backoff(options), RangeError);
});

test("with a real socket and nobody there, each attempt is made and the last one told", async () => {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  const socket = io(`http://localhost:${port}`, { reconnection: false, autoConnect: false });
  const [errors, backoff] = [[], new Backoff({ baseS: 0.001, factor: 1, attempts: 3 })];
  socket.on("connect_error", (error) => errors.push(error.message));
  await new Promise((resolve) => {
    reconnect(socket, backoff, { onGivingUp: resolve });
    socket.connect();
  });
  assert.equal(errors.length, 4);
  socket.disconnect();
});
