/** Asking over plain HTTP while Socket.IO has no connection: with fakes, and against a Python server. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, beforeEach, describe, test } from "node:test";
import { io } from "socket.io-client";

import { Backoff, LimitExceeded, ProtocolError, SubscriptionRefused, connect } from "../../src/realtime_sync/js/index.js";
import { conformance } from "./conformance.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";
import { interpreter, ROOT } from "./python.js";
import { until } from "./until.js";

let socket;
let clock;
let hub;
/** What was posted, and how to answer it. */
let posts;

const fetch = (url, request) =>
  new Promise((resolve, reject) => {
    posts.push({ url, request, message: JSON.parse(request.body), resolve, reject });
  });

const POLL = { url: "/poll", fetch };
const backoff = new Backoff({ baseS: 2, jitter: 0 });

beforeEach(() => {
  posts = [];
  socket = new FakeSocket();
  clock = new FakeClock();
  hub = connect(socket, { clock, backoff, poll: POLL });
});

/** Let every promise that can settle do so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function pass(seconds) {
  await settled();
  clock.pass(seconds);
  await settled();
}

/** Answer the last question. */
async function reply(outcome, body = null, more = {}) {
  const { message, resolve } = posts.at(-1);
  resolve(Response.json({ answer: { outcome, request: message.request, codec: "json", ...more }, body }));
  await settled();
}

/** A channel that never had a connection, live by a poll. */
async function polled(document = { n: 7 }) {
  socket.failToConnect();
  const channel = hub.channel("c");
  await pass(0);
  await reply("keyframe", keyframe(7, document));
  return channel;
}

const asked = () => posts.map(({ message }) => [message.request, message.position]);

describe("without a connection", () => {
  test("it posts what it would say on one, in the codec that everybody speaks", async () => {
    socket.auth = { token: "t" };
    const channel = hub.channel("c");
    assert.equal(hub.isPolling, false, "Socket.IO has not failed yet");
    socket.failToConnect();
    assert.equal(hub.isPolling, true);
    assert.equal(channel.status, "offline");
    await pass(0);
    const { url, request, message } = posts[0];
    assert.equal(url, "/poll");
    assert.equal(request.method, "POST");
    assert.equal(request.headers["content-type"], "application/json");
    assert.deepEqual(message, {
      ...{ version: 1, channel: "c", request: "1", codecs: ["json"], position: null, auth: { token: "t" } },
    });
    const ready = channel.ready();
    await reply("keyframe", keyframe(7, { n: 7 }));
    assert.deepEqual(await ready, { n: 7 });
    assert.equal(channel.status, "live");
    await pass(2);
    assert.deepEqual(posts[1].message.position, ["A", 7]);
    assert.deepEqual(posts[1].message.heard, ["A", 0]);
    assert.deepEqual(socket.take(), []);
    assert.equal(hub.stats.polls, 2);
  });

  test("a function that makes the auth is asked each time", async () => {
    let count = 0;
    socket.auth = (pass) => pass({ count: ++count });
    await polled();
    await pass(2);
    assert.deepEqual(
      posts.map(({ message }) => message.auth),
      [{ count: 1 }, { count: 2 }],
    );
  });

  test("one question at a time for each channel, an interval after the reply", async () => {
    await polled();
    hub.channel("d");
    await pass(0);
    await pass(100);
    assert.deepEqual(
      posts.map(({ message }) => message.channel),
      ["c", "d", "c"],
    );
    await reply("patch", delta(7, 8, replace("/n", 8)));
    await pass(1.9);
    assert.equal(posts.length, 3);
    await pass(0.1);
    assert.equal(posts.length, 4);
    assert.deepEqual(posts[3].message.position, ["A", 8]);
  });

  test("listeners, selections and events hear of it as over a connection", async () => {
    const channel = await polled();
    const told = [];
    channel.subscribe(() => told.push(channel.status));
    channel.select("/n", (value) => told.push(value));
    channel.on("beat", (data) => told.push(["beat", data]));
    await pass(2);
    await reply("patch", delta(7, 8, replace("/n", 8), { events: [["beat", 1]] }));
    assert.deepEqual(told, ["live", 8, ["beat", 1]]);
  });

  test("it is live for two intervals after an answer, and then offline", async () => {
    const channel = await polled();
    await pass(2);
    await pass(1.9);
    assert.equal(channel.status, "live");
    await pass(0.1);
    assert.equal(channel.status, "offline");
    assert.deepEqual(channel.getSnapshot(), { n: 7 });
    await reply("up_to_date", null, { position: ["A", 7] });
    assert.equal(channel.status, "live");
  });

  test("a lost connection is polled after an interval, and attempts that fail disturb nothing", async () => {
    socket.connect();
    const channel = hub.channel("c");
    socket.answer("keyframe", keyframe(7, { n: 7 }));
    socket.disconnect();
    await pass(1.9);
    socket.failToConnect();
    assert.equal(posts.length, 0);
    await pass(0.1);
    assert.equal(posts.length, 1);
    socket.failToConnect();
    await reply("patch", delta(7, 8, replace("/n", 8)));
    assert.equal(channel.status, "live");
    assert.deepEqual(channel.getSnapshot(), { n: 8 });
  });

  test("when the connection is back it resumes there, and hears no late reply", async () => {
    const channel = await polled();
    await pass(2);
    socket.connect();
    assert.equal(hub.isPolling, false);
    assert.equal(channel.status, "stale", "only the server can say that this is still the newest");
    const [[event, message]] = socket.take();
    assert.equal(event, "sync:subscribe");
    assert.deepEqual(message.position, ["A", 7]);
    await reply("patch", delta(7, 8, replace("/n", 8)));
    assert.deepEqual(channel.getSnapshot(), { n: 7 });
    await pass(100);
    assert.equal(posts.length, 2);
    socket.batchUpdate("c", null, { outcome: "up_to_date", request: message.request, position: ["A", 7], codec: "json" });
    assert.equal(channel.status, "live");
  });

  for (const outcome of ["forbidden", "upgrade_required", "invalid"])
    test(`${outcome} ends polling of that channel until there is a connection`, async () => {
      const channel = await polled();
      await pass(2);
      await reply(outcome);
      assert.equal(channel.status, "forbidden");
      assert.ok(channel.error instanceof SubscriptionRefused);
      socket.failToConnect();
      await pass(100);
      assert.equal(posts.length, 2);
      socket.connect();
      assert.equal(socket.take().length, 1);
    });

  test("a channel that ended is not asked for", async () => {
    const channel = await polled();
    await pass(2);
    await reply("keyframe", { type: "closed", epoch: "A", reason: "archived" });
    assert.equal(channel.status, "closed");
    await pass(100);
    assert.equal(posts.length, 2);
  });

  test("failures are waited out longer and longer, and an answer ends that", async () => {
    const channel = await polled();
    await pass(2);
    const waited = [];
    for (let number = 1; number <= 5; number++) {
      const before = posts.length;
      if (number % 2) posts.at(-1).reject(new TypeError("fetch failed"));
      else posts.at(-1).resolve(new Response("bad gateway", { status: 502 }));
      await settled();
      let seconds = 0;
      for (; posts.length === before; seconds += 0.25) await pass(0.25);
      waited.push(seconds);
    }
    assert.deepEqual(waited, [3, 4.5, 6.75, 10.25, 15.25]);
    assert.equal(channel.status, "offline");
    assert.match(channel.error.message, /fetch failed/);
    await reply("up_to_date", null, { position: ["A", 7] });
    assert.equal(channel.error, null);
    await pass(2);
    assert.equal(posts.length, 8);
  });

  test("what is no reply is an error and never live", async () => {
    const channel = await polled();
    const bodies = ["", "<html>", "[]", "null", '{"answer":{"outcome":"perhaps"},"body":null}', '{"answer":null,"body":{}}'];
    for (const body of bodies) {
      await pass(30);
      posts.at(-1).resolve(new Response(body));
      await settled();
      assert.notEqual(channel.status, "live", body);
      assert.ok(channel.error instanceof ProtocolError, body);
    }
    assert.deepEqual(channel.getSnapshot(), { n: 7 });
  });

  test("without a document it waits for the first", async () => {
    socket.failToConnect();
    const channel = hub.channel("c");
    await pass(0);
    await reply("waiting", null, { position: ["A", 0] });
    assert.equal(channel.status, "waiting");
    await pass(2);
    await reply("keyframe", keyframe(1, {}));
    assert.equal(channel.status, "live");
  });

  test("a patch that does not fit is followed at once by one question for the whole", async () => {
    await polled();
    await pass(2);
    await reply("patch", delta(7, 8, [{ op: "remove", path: "/m" }]));
    await pass(0);
    assert.deepEqual(asked().slice(2).map(([, position]) => position), [null]);
    await reply("patch", delta(7, 8, [{ op: "remove", path: "/m" }]));
    await pass(1);
    assert.equal(posts.length, 3, "an answer that did not help is not asked for again at once");
    assert.deepEqual([hub.stats.gaps, hub.stats.resyncs], [1, 1]);
  });

  test("a large reply is read as far as the limits, and named", async () => {
    hub.close();
    hub = connect(socket, { clock, backoff, poll: POLL, limits: { maxDecodedBytes: 1_000 } });
    const channel = await polled("x".repeat(20_000));
    assert.ok(channel.error instanceof LimitExceeded);
    assert.equal(channel.error.limit, "maxDecodedBytes");
    assert.equal(channel.getSnapshot(), undefined);
  });

  test("a `fetch` without streams will do", async () => {
    socket.failToConnect();
    const channel = hub.channel("c");
    await pass(0);
    const answer = { outcome: "keyframe", request: "1", codec: "json" };
    const bytes = new TextEncoder().encode(JSON.stringify({ answer, body: keyframe(1, { n: 1 }) }));
    posts[0].resolve({ status: 200, body: null, arrayBuffer: async () => bytes.buffer });
    await settled();
    assert.deepEqual(channel.getSnapshot(), { n: 1 });
  });
});

describe("conformance", () => {
  const named = ({ request, position, heard }) => ({ request, position, ...(heard && { heard }) });

  for (const { comment, steps } of conformance("polling"))
    test(comment, async () => {
      const events = [];
      const channel = hub.channel("c");
      channel.on("*", (data, name) => events.push([name, data]));
      let count = 0;
      for (const [number, step] of steps.entries()) {
        const where = `step ${number}: ${JSON.stringify(step)}`;
        await pass((step.now ?? step.connected ?? step.disconnected ?? step.failed ?? step.tick) - clock.now());
        if ("connected" in step) socket.connect();
        if ("disconnected" in step) socket.connected ? socket.disconnect() : socket.failToConnect();
        if ("reply" in step) posts.at(-1).resolve(Response.json(step.reply));
        if ("failed" in step) posts.at(-1).reject(new TypeError("fetch failed"));
        await pass(0);
        const posted = posts.slice(count).map(({ message }) => named(message));
        count = posts.length;
        assert.deepEqual(posted, "posted" in step ? [step.posted] : [], where);
        const said = socket.take().filter(([event]) => event === "sync:subscribe" || event === "sync:resync");
        const wanted = "said" in step ? [step.said] : [];
        assert.deepEqual(said.map(([, message]) => named(message)), wanted, where);
        assert.deepEqual(events.splice(0), step.events ?? [], where);
        if ("status" in step) assert.equal(channel.status, step.status, where);
        if ("document" in step) assert.deepEqual(channel.getSnapshot(), step.document, where);
      }
    });
});

describe("nobody is asked", () => {
  test("when no address was given", async () => {
    hub = connect(socket, { clock, backoff });
    socket.failToConnect();
    hub.channel("c");
    await pass(100);
    assert.equal(hub.isPolling, false);
    assert.equal(posts.length, 0);
  });

  test("for a channel, or by a hub, that was closed", async () => {
    const channel = await polled();
    channel.close();
    hub.channel("d");
    await pass(0);
    hub.close();
    await pass(100);
    assert.deepEqual(
      posts.map(({ message }) => message.channel),
      ["c", "d"],
    );
    assert.equal(clock.pending, 0);
  });

  test("when the application or the server has disconnected the socket for good", async () => {
    const channel = await polled();
    socket.active = false;
    await pass(2);
    await pass(100);
    assert.equal(posts.length, 1);
    assert.equal(channel.status, "offline");
    socket.active = true;
    socket.failToConnect();
    await pass(2);
    assert.equal(posts.length, 2, "the application connects again");
  });
});

describe("a Python server", () => {
  let server;
  let url;

  before(async () => {
    server = spawn(interpreter(), ["-m", "tests.js.polled_server"], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    const [port] = await once(createInterface(server.stdout), "line");
    url = `http://127.0.0.1:${port}`;
  });

  after(async () => {
    server.kill();
    await once(server, "exit");
  });

  const control = async (order = {}) =>
    (await globalThis.fetch(`${url}/control`, { method: "POST", body: JSON.stringify(order) })).json();

  test("is followed by polls, then over the socket that came, then by polls again, by position all the way", async () => {
    const options = { reconnectionDelay: 20, reconnectionDelayMax: 20, transports: ["websocket"], forceNew: true };
    const io_ = io(url, { ...options, auth: { token: "t" } });
    const real = connect(io_, { poll: { url: `${url}/poll`, intervalS: 0.05 } });
    try {
      const channel = real.channel("c");
      assert.equal((await channel.ready()).n, 0);
      assert.equal(real.isPolling, true);
      await control({ publish: 1 });
      await until(() => channel.getSnapshot().n === 1 && channel.status === "live");
      assert.equal((await control()).subscriptions, 0);

      await control({ sockets: true });
      await until(() => io_.connected && channel.status === "live");
      assert.equal(real.isPolling, false);
      await control({ publish: 2 });
      await until(() => channel.getSnapshot().n === 2);
      const { polls } = await control();
      await new Promise((resolve) => setTimeout(resolve, 200)); // four intervals, by the only clock there is
      assert.ok((await control()).polls <= polls);

      await control({ sockets: false });
      io_.io.engine.close();
      await until(() => !io_.connected);
      await control({ publish: 3 });
      await until(() => channel.getSnapshot().n === 3);
      assert.equal(real.isPolling, true);
      assert.equal(real.stats.keyframes, 1);
      const forbidden = real.channel("d");
      await assert.rejects(forbidden.ready(), SubscriptionRefused);
    } finally {
      real.close();
      io_.disconnect();
    }
  });
});
