import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import {
  Backoff,
  ChannelClosed,
  FetchFailed,
  MessageTooLarge,
  PatchError,
  ProtocolError,
  SubscriptionRefused,
  SyncError,
  connect,
} from "../../src/realtime_sync/js/index.js";
import { checksum } from "../../src/realtime_sync/js/checksum.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

let socket;
let clock;
let hub;

beforeEach(() => {
  socket = new FakeSocket();
  clock = new FakeClock();
  hub = connect(socket, { clock, backoff: new Backoff({ baseS: 2, jitter: 0 }) });
});

/** A channel that holds `document` at offset 7. */
function live(document = { n: 7, list: [{}, {}] }) {
  if (!socket.connected) socket.connect();
  const channel = hub.channel("project_42");
  socket.answer("keyframe", keyframe(7, document));
  socket.take();
  return channel;
}

const subscribe = (request, position, channel = "project_42") => [
  "sync:subscribe",
  {
    ...{ version: 1, channel, request, codecs: ["json+deflate+dictionary", "json+deflate", "json"], position },
    ...(position !== null && { heard: [position[0], 0] }),
  },
];

describe("subscribing", () => {
  test("a channel opened before the connection subscribes when it is up", () => {
    const channel = hub.channel("project_42");
    assert.deepEqual(socket.take(), []);
    assert.equal(channel.status, "empty");
    socket.connect();
    assert.deepEqual(socket.take(), [subscribe("1", null)]);
  });

  test("a channel opened on a connection subscribes at once", () => {
    socket.connect();
    hub.channel("project_42");
    assert.deepEqual(socket.take(), [subscribe("1", null)]);
  });

  test("the keyframe becomes the snapshot, and ready() resolves with it", async () => {
    socket.connect();
    const channel = hub.channel("project_42");
    assert.equal(channel.getSnapshot(), undefined);
    assert.equal(channel.position, null);
    const ready = channel.ready();
    socket.answer("keyframe", keyframe(7, { n: 7 }));
    assert.deepEqual(await ready, { n: 7 });
    assert.equal(await channel.ready(), channel.getSnapshot());
    assert.equal(channel.status, "live");
    assert.equal(channel.error, null);
    assert.deepEqual(channel.position, { epoch: "A", offset: 7 });
    assert.equal(channel.getServerSnapshot(), undefined);
  });

  test("without a document it waits, and takes the first one", () => {
    socket.connect();
    const channel = hub.channel("project_42");
    socket.answer("waiting", null, { position: ["A", 0] });
    assert.equal(channel.status, "waiting");
    clock.pass(1_000);
    socket.batchUpdate("project_42", keyframe(1, []));
    assert.equal(channel.status, "live");
    assert.deepEqual(channel.getSnapshot(), []);
  });

  test("without an answer it subscribes again, later and later", () => {
    socket.connect();
    hub.channel("project_42");
    clock.pass(1.9);
    assert.equal(socket.take().length, 1);
    clock.pass(0.1);
    assert.deepEqual(socket.take(), [subscribe("2", null)]);
    clock.pass(2.9);
    assert.deepEqual(socket.take(), []);
    clock.pass(0.1);
    assert.deepEqual(socket.take(), [subscribe("3", null)]);
  });

  test("a live channel that said what it holds has no timer", () => {
    live();
    clock.pass(1);
    assert.deepEqual(
      socket.take().map(([event]) => event),
      ["sync:ack"],
    );
    assert.equal(clock.pending, 0);
  });

  test("a channel that a `connect` handler of the application opens subscribes once", () => {
    socket = new FakeSocket();
    socket.on("connect", () => hub.channel("project_42"));
    hub = connect(socket, { clock });
    socket.connect();
    socket.disconnect();
    socket.connect();
    assert.deepEqual(socket.take(), [subscribe("1", null), subscribe("2", null)]);
  });

  test("a hub on a connection that is up already subscribes at once", () => {
    socket.connect();
    connect(socket, { clock }).channel("project_42");
    assert.deepEqual(socket.take(), [subscribe("1", null)]);
  });

  test("a name that is none is refused", () => {
    for (const name of ["", undefined, null, 7]) assert.throws(() => hub.channel(name), SyncError);
  });

  test("bytes offered in another codec come in the order of preference", () => {
    hub = connect(socket, { codecs: [{ name: "msgpack", decode: () => ({}) }, "json"], clock });
    socket.connect();
    hub.channel("a");
    assert.deepEqual(socket.take()[0][1].codecs, ["msgpack", "json"]);
  });
});

describe("snapshots", () => {
  test("are the same object until something changes, and share what did not", () => {
    const channel = live();
    const before = channel.getSnapshot();
    socket.batchUpdate("project_42", delta(7, 8, []));
    assert.equal(channel.getSnapshot(), before);
    socket.batchUpdate("project_42", delta(8, 9, replace("/n", 9)));
    assert.deepEqual(channel.getSnapshot(), { n: 9, list: [{}, {}] });
    assert.equal(channel.getSnapshot().list, before.list);
    assert.deepEqual(before, { n: 7, list: [{}, {}] });
  });

  test("survive a keyframe of an equal document", () => {
    const channel = live();
    const before = channel.getSnapshot();
    socket.batchUpdate("project_42", keyframe(9, { n: 7, list: [{}, {}] }));
    assert.equal(channel.getSnapshot(), before);
    socket.batchUpdate("project_42", keyframe(10, { n: 7, list: [{}, { x: 1 }] }));
    assert.equal(channel.getSnapshot().list[0], before.list[0]);
    assert.notEqual(channel.getSnapshot().list[1], before.list[1]);
  });

  test("may be null, which is a document", async () => {
    const channel = live(null);
    assert.equal(channel.status, "live");
    assert.equal(await channel.ready(), null);
  });
});

describe("telling the application", () => {
  test("listeners run once a frame, after the state and before the events", () => {
    const channel = live();
    const log = [];
    channel.subscribe(() => log.push(`listener ${channel.getSnapshot().n} ${channel.position.offset}`));
    channel.select("/n", (value, previous) => log.push(`select ${previous} -> ${value}`));
    channel.on("done", (data, name) => log.push(`${name} ${data} ${channel.getSnapshot().n}`));
    channel.on("*", (data, name) => log.push(`* ${name} ${data}`));
    const patch = [...replace("/n", 0), ...replace("/n", 8)];
    socket.batchUpdate(
      "project_42",
      delta(7, 8, patch, {
        events: [
          ["done", 1],
          ["done", 2],
          ["other", 3],
        ],
      }),
    );
    assert.deepEqual(log, [
      "listener 8 8",
      "select 7 -> 8",
      "done 1 8",
      "* done 1",
      "done 2 8",
      "* done 2",
      "* other 3",
    ]);
  });

  test("select is silent while its value is equal, also across a keyframe", () => {
    const channel = live();
    const calls = [];
    channel.select("/list", (value) => calls.push(["list", value]));
    channel.select("/list/1", (value) => calls.push(["second", value]));
    channel.select("", (value) => calls.push(["all", value.n]));
    channel.select("/later", (value, previous) => calls.push(["later", value, previous]));
    socket.batchUpdate("project_42", keyframe(9, { n: 9, list: [{}, {}] }));
    assert.deepEqual(calls.splice(0), [["all", 9]]);
    socket.batchUpdate("project_42", delta(9, 10, [{ op: "add", path: "/list/1/x", value: 1 }]));
    assert.deepEqual(calls.splice(0), [
      ["list", [{}, { x: 1 }]],
      ["second", { x: 1 }],
      ["all", 9],
    ]);
    socket.batchUpdate("project_42", delta(10, 11, [{ op: "add", path: "/later", value: 1 }]));
    socket.batchUpdate("project_42", delta(11, 12, [{ op: "remove", path: "/later" }]));
    assert.deepEqual(
      calls.filter(([name]) => name === "later"),
      [
        ["later", 1, undefined],
        ["later", undefined, 1],
      ],
    );
  });

  test("select before the first document sees it come", () => {
    socket.connect();
    const channel = hub.channel("project_42");
    const values = [];
    channel.select("/n", (value, previous) => values.push([value, previous]));
    socket.answer("keyframe", keyframe(7, { n: 7 }));
    assert.deepEqual(values, [[7, undefined]]);
  });

  test("select refuses what is no pointer", () => {
    assert.throws(() => live().select("n", () => {}), PatchError);
  });

  test("whoever left hears nothing more, even in the same frame", () => {
    const channel = live();
    const log = [];
    const listener = () => log.push("listener");
    const off = channel.subscribe(listener);
    channel.subscribe(listener);
    const offSelect = channel.select("/n", () => log.push("select"));
    const offEvent = channel.on("e", () => log.push("e"));
    channel.subscribe(() => [off, offSelect, offEvent].forEach((leave) => leave()));
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8), { events: [["e", 1]] }));
    assert.deepEqual(log, ["listener", "listener"]);
    socket.batchUpdate("project_42", delta(8, 9, replace("/n", 9), { events: [["e", 1]] }));
    assert.deepEqual(log, ["listener", "listener", "listener"]);
  });

  test("methods are bound", () => {
    const { subscribe, getSnapshot, select, on, ready, close } = live();
    subscribe(() => {});
    select("", () => {});
    on("e", () => {});
    assert.equal(getSnapshot().n, 7);
    assert.ok(ready() instanceof Promise);
    close();
  });

  test("dropped events are told and counted", () => {
    const channel = live();
    const counts = [];
    channel.on("sync:dropped", (count) => counts.push(count));
    socket.batchUpdate("project_42", delta(7, 8, [], { dropped: 5 }));
    assert.deepEqual(counts, [5]);
    assert.equal(hub.stats.droppedEvents, 5);
  });

  test("lossless events are told once over reconnects, and those that are lost by number", () => {
    const channel = live();
    const heard = [];
    channel.on("question", (data) => heard.push(data));
    channel.on("sync:lost", (range) => heard.push(range));
    socket.batchUpdate("project_42", delta(7, 8, [], { events: [["question", "a", 1]] }));
    socket.disconnect();
    socket.connect();
    assert.deepEqual(socket.take()[0][1].heard, ["A", 1]);
    const events = [["question", "a", 1], ["beat", 0], ["question", "d", 4]];
    socket.answer("keyframe", { ...keyframe(12, { n: 12 }), events, serial: 4 });
    assert.deepEqual(heard, ["a", { epoch: "A", first: 2, last: 3 }, "d"]);
    assert.equal(hub.stats.lostEvents, 2);
    socket.disconnect();
    socket.connect();
    socket.answer("keyframe", { ...keyframe(1, { n: 1 }), epoch: "B" });
    assert.deepEqual(heard.at(-1), { epoch: "A", first: 5, last: null });
    assert.equal(hub.stats.lostEvents, 3);
  });

  test("a document that went wrong behind our back is found, told and fetched anew", () => {
    const channel = live({ n: 7, settled: { a: [1, 2, 3] } });
    const dropped = [];
    channel.on("sync:dropped", (count) => dropped.push(count));
    channel.on("e", () => assert.fail("an event of a frame that was not applied"));
    channel.getSnapshot().settled.a[1] = "wrong";
    const check = [checksum({ settled: { a: [1, 2, 3] } }, ["/settled"]), "/settled"];
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8), { events: [["e", 1]], check }));
    assert.equal(channel.status, "stale");
    assert.equal(channel.getSnapshot().n, 7, "nothing of the frame is shown");
    assert.match(channel.error.message, /checksum/);
    assert.deepEqual(dropped, [1]);
    assert.equal(hub.stats.checksumMismatches, 1);
    const [[event, { position }]] = socket.take();
    assert.deepEqual([event, position], ["sync:resync", null]);
    socket.answer("keyframe", keyframe(8, { n: 8, settled: { a: [1, 2, 3] } }));
    assert.equal(channel.status, "live");
    assert.deepEqual(channel.getSnapshot(), { n: 8, settled: { a: [1, 2, 3] } });
  });

  test("events named like members of every object are ordinary", () => {
    const channel = live();
    const heard = [];
    channel.on("constructor", (data) => heard.push(data));
    const events = [
      ["__proto__", 1],
      ["constructor", 2],
      ["toString", 3],
    ];
    socket.batchUpdate("project_42", delta(7, 8, [], { events }));
    assert.deepEqual(heard, [2]);
  });
});

describe("a listener that throws", () => {
  let reported;
  beforeEach(() => {
    reported = [];
    globalThis.reportError = (error) => reported.push(error.message);
  });
  afterEach(() => delete globalThis.reportError);

  test("is reported, and breaks nobody else", () => {
    const channel = live();
    const log = [];
    const fail = (name) => () => {
      throw new Error(name);
    };
    channel.subscribe(fail("listener"));
    channel.subscribe(() => log.push("listener"));
    channel.select("/n", fail("select"));
    channel.select("/n", () => log.push("select"));
    channel.on("e", fail("event"));
    channel.on("e", () => log.push("event"));
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8), { events: [["e", 1]] }));
    assert.deepEqual(log, ["listener", "select", "event"]);
    assert.deepEqual(reported, ["listener", "select", "event"]);
    assert.equal(channel.status, "live");
    assert.equal(channel.getSnapshot().n, 8);
  });

  test("is reported as an uncaught error where there is no reportError", async () => {
    delete globalThis.reportError;
    const channel = live();
    channel.subscribe(() => {
      throw new Error("uncaught");
    });
    const uncaught = new Promise((resolve) => {
      const others = process.rawListeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of others) process.on("uncaughtException", listener);
        resolve(error.message);
      });
    });
    socket.batchUpdate("project_42", delta(7, 8, []));
    assert.equal(await uncaught, "uncaught");
  });
});

describe("losing the thread", () => {
  test("a gap makes it stale; it resyncs, and is live with the patch", () => {
    const channel = live();
    const statuses = [];
    channel.subscribe(() => statuses.push(channel.status));
    socket.batchUpdate("project_42", delta(8, 9, replace("/n", 9)));
    assert.deepEqual(socket.take(), [["sync:resync", { channel: "project_42", request: "2", position: ["A", 7], heard: ["A", 0] }]]);
    assert.match(channel.error.message, /a gap: at 7, got a delta for 9/);
    socket.answer("patch", delta(7, 9, replace("/n", 9)));
    assert.deepEqual(statuses, ["stale", "live"]);
    assert.equal(channel.error, null);
    assert.equal(channel.getSnapshot().n, 9);
    assert.deepEqual([hub.stats.gaps, hub.stats.resyncs], [1, 1]);
  });

  test("a patch that fails leaves the last good snapshot, shown as stale, and asks for a whole document", () => {
    const channel = live();
    const before = channel.getSnapshot();
    socket.batchUpdate("project_42", delta(7, 8, [...replace("/n", 8), ...replace("/missing", 1)]));
    assert.equal(channel.status, "stale");
    assert.equal(channel.getSnapshot(), before);
    assert.equal(channel.position, null);
    assert.match(channel.error.message, /a patch that does not fit: operation 1/);
    assert.deepEqual(socket.take(), [["sync:resync", { channel: "project_42", request: "2", position: null, heard: ["A", 0] }]]);
    socket.answer("keyframe", keyframe(8, { n: 8 }));
    assert.deepEqual([channel.status, channel.getSnapshot().n, channel.error], ["live", 8, null]);
  });

  for (const [what, body, answer] of [
    ["a frame that is none", { type: "delta" }],
    ["a string", "garbage"],
    ["bytes in codec json", new Uint8Array([1, 2, 3])],
    ["nothing at all", null],
    ["an answer that is none", null, { outcome: "sideways" }],
    ["an answer without its frame", null, { request: "1", outcome: "sideways" }],
  ]) {
    test(`${what} makes one clear error and a resync`, () => {
      const channel = live();
      socket.batchUpdate("project_42", body, answer);
      assert.equal(channel.status, "stale");
      assert.ok(channel.error instanceof ProtocolError, String(channel.error));
      assert.deepEqual(socket.take(), [["sync:resync", { channel: "project_42", request: "2", position: ["A", 7], heard: ["A", 0] }]]);
      assert.equal(hub.stats.garbage, 1);
      socket.batchUpdate("project_42", body, answer);
      assert.deepEqual(socket.take(), [], "asked already");
      socket.answer("up_to_date", null, { position: ["A", 7] });
      assert.equal(channel.status, "live");
      assert.equal(channel.error, null);
    });
  }

  test("a resync without an answer is repeated", () => {
    live();
    socket.batchUpdate("project_42", delta(8, 9, []));
    clock.pass(5);
    assert.deepEqual(
      socket.take().map(([event, { request }]) => [event, request]),
      [
        ["sync:resync", "2"],
        ["sync:resync", "3"],
        ["sync:resync", "4"],
      ],
    );
  });

  test("one channel that lost the thread leaves the others alone", () => {
    const one = live();
    const two = hub.channel("two");
    socket.answer("keyframe", keyframe(1, {}));
    socket.batchUpdate("project_42", "garbage");
    assert.deepEqual([one.status, two.status], ["stale", "live"]);
  });
});

describe("reconnecting", () => {
  test("keeps the snapshot, and is live when the server says so", () => {
    const channel = live();
    const before = channel.getSnapshot();
    const statuses = [];
    channel.subscribe(() => statuses.push(channel.status));
    socket.disconnect();
    clock.pass(100);
    assert.deepEqual(socket.take(), [], "nothing is sent into a connection that is down");
    socket.connect();
    assert.deepEqual(socket.take(), [subscribe("2", ["A", 7])]);
    socket.answer("up_to_date", null, { position: ["A", 7] });
    assert.deepEqual(statuses, ["offline", "stale", "live"]);
    assert.equal(channel.getSnapshot(), before);
  });

  test("takes the document of a server that started anew", () => {
    const channel = live();
    socket.disconnect();
    socket.connect();
    const frame = { ...keyframe(1, { n: 1 }), epoch: "B" };
    socket.answer("keyframe", frame);
    assert.deepEqual([channel.status, channel.getSnapshot().n, channel.position.epoch], ["live", 1, "B"]);
  });

  test("shows an old document as stale while the server has none yet", () => {
    const channel = live();
    socket.disconnect();
    socket.connect();
    socket.answer("waiting", null, { position: ["B", 0] });
    assert.equal(channel.status, "stale");
    socket.batchUpdate("project_42", { ...keyframe(1, { n: 1 }), epoch: "B" });
    assert.equal(channel.status, "live");
  });

  test("is not live while the server cannot load the document", () => {
    const channel = live();
    socket.disconnect();
    socket.connect();
    socket.take();
    socket.answer("unavailable", null, { message: "try later" });
    assert.equal(channel.status, "stale");
    assert.equal(channel.error.outcome, "unavailable");
    clock.pass(3);
    assert.deepEqual(socket.take(), [subscribe("3", ["A", 7])]);
    assert.equal(channel.error.message, 'channel "project_42": unavailable (try later)', "still the reason");
    socket.answer("up_to_date", null, { position: ["A", 7] });
    assert.deepEqual([channel.status, channel.error], ["live", null]);
  });

  test("subscribes every open channel, and no closed one", () => {
    live();
    hub.channel("two");
    hub.channel("three").close();
    socket.disconnect();
    socket.take();
    socket.connect();
    assert.deepEqual(
      socket.take().map(([event, { channel }]) => [event, channel]),
      [
        ["sync:subscribe", "project_42"],
        ["sync:subscribe", "two"],
      ],
    );
  });

  test("a connection that never came is offline", () => {
    const channel = hub.channel("project_42");
    socket.failToConnect();
    assert.equal(channel.status, "offline");
    const statuses = [];
    const late = hub.channel("late");
    for (const each of [channel, late]) each.subscribe(() => statuses.push(each.status));
    socket.connect();
    assert.deepEqual(statuses, ["empty", "empty"]);
  });

  test("ready() waits for what is live, not for what was", async () => {
    const channel = live();
    socket.disconnect();
    let resolved = false;
    const ready = channel.ready().then(() => (resolved = true));
    await Promise.resolve();
    assert.equal(resolved, false);
    socket.connect();
    socket.answer("up_to_date", null, { position: ["A", 7] });
    assert.equal(await ready, true);
  });
});

describe("refusals", () => {
  for (const outcome of ["forbidden", "upgrade_required", "too_many_channels", "invalid"]) {
    test(`${outcome}: says so, rejects ready(), and asks no more`, async () => {
      socket.connect();
      const channel = hub.channel("project_42");
      const ready = channel.ready();
      socket.answer(outcome, null, { message: "sorry" });
      await assert.rejects(ready, (error) => error instanceof SubscriptionRefused && error.outcome === outcome);
      await assert.rejects(channel.ready(), SubscriptionRefused);
      assert.equal(channel.status, "forbidden");
      assert.equal(channel.error.message, `channel "project_42": ${outcome} (sorry)`);
      assert.equal(clock.pending, 0);
    });
  }

  test("a revoked subscription keeps what was seen, and takes no more", () => {
    const channel = live();
    socket.batchUpdate("project_42", null, { outcome: "forbidden" });
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8)));
    assert.equal(channel.status, "forbidden");
    assert.equal(channel.getSnapshot().n, 7);
    socket.disconnect();
    assert.equal(channel.status, "forbidden");
    socket.take();
    socket.connect();
    assert.equal(channel.status, "stale");
    assert.deepEqual(socket.take(), [subscribe("2", ["A", 7])]);
    socket.answer("up_to_date", null, { position: ["A", 7] });
    assert.equal(channel.status, "live");
    assert.equal(channel.error, null);
  });
});

describe("the end of a channel", () => {
  test("deleted by the server: the last document stays readable, the reason is told", async () => {
    const channel = live();
    socket.batchUpdate("project_42", { type: "closed", epoch: "A", reason: "project archived" });
    assert.equal(channel.status, "closed");
    assert.equal(channel.getSnapshot().n, 7);
    assert.ok(channel.error instanceof ChannelClosed);
    assert.equal(channel.error.reason, "project archived");
    await assert.rejects(channel.ready(), /project archived/);
    socket.disconnect();
    socket.connect();
    socket.answer("forbidden"); // as an unknown channel is
    assert.deepEqual([channel.status, channel.error.reason], ["closed", "project archived"]);
    socket.disconnect();
    socket.connect();
    socket.answer("keyframe", { ...keyframe(1, { n: 1 }), epoch: "B" });
    assert.deepEqual([channel.status, channel.error, channel.getSnapshot().n], ["live", null, 1]);
  });

  test("a name has one channel; the last close() unsubscribes", () => {
    const channel = live();
    assert.equal(hub.channel("project_42"), channel);
    const statuses = [];
    channel.subscribe(() => statuses.push(channel.status));
    channel.close();
    assert.deepEqual(socket.take(), []);
    assert.equal(channel.status, "live");
    channel.close();
    assert.deepEqual(socket.take(), [["sync:unsubscribe", { channel: "project_42" }]]);
    assert.deepEqual(statuses, ["closed"]);
    channel.close();
    assert.deepEqual(socket.take(), []);
    assert.match(channel.error.message, /close\(\) was called/);
  });

  test("after close() nothing reaches the old channel; a new one starts anew", async () => {
    const old = live();
    const ready = hub.channel("slow").ready();
    hub.channel("slow").close();
    hub.channel("slow").close();
    old.close();
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8)));
    assert.equal(old.getSnapshot().n, 7);
    socket.take();
    const anew = hub.channel("project_42");
    assert.notEqual(anew, old);
    const [[, { request }]] = socket.take();
    assert.ok(!["1", "2"].includes(request), "an answer to the old channel is none to the new one");
    socket.batchUpdate("project_42", keyframe(9, { n: 9 }), { request: "1", outcome: "keyframe", codec: "json" });
    assert.equal(anew.getSnapshot(), undefined);
    old.close();
    assert.equal(hub.channel("project_42"), anew, "an old channel cannot close a new one");
    hub.close();
    await assert.rejects(ready, ChannelClosed);
  });

  test("closed while asking: no timer is left", () => {
    socket.connect();
    hub.channel("project_42").close();
    assert.equal(clock.pending, 0);
  });

  test("hub.close() closes every channel, leaves the socket, and stays closed", () => {
    const channel = live();
    hub.channel("project_42");
    hub.channel("two");
    hub.close();
    assert.equal(channel.status, "closed");
    assert.ok(socket.connected);
    for (const event of ["connect", "disconnect", "connect_error", "batch_update"])
      assert.equal(socket.listenerCount(event), 0);
    assert.throws(() => hub.channel("three"), /closed/);
    assert.equal(clock.pending, 0);
  });

  test("two hubs on one socket do not disturb each other", () => {
    const mine = live();
    const other = connect(socket, { clock });
    const theirs = other.channel("theirs");
    socket.answer("keyframe", keyframe(1, {}));
    other.close();
    assert.deepEqual([mine.status, theirs.status], ["live", "closed"]);
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8)));
    assert.equal(mine.getSnapshot().n, 8);
  });

  test("two hubs on one socket number their requests together, and take no answer to each other", () => {
    const other = connect(socket, { clock });
    socket.connect();
    const mine = hub.channel("project_42");
    const theirs = other.channel("project_42");
    const requests = socket.take().map(([, { request }]) => request);
    assert.equal(new Set(requests).size, 2);
    socket.batchUpdate("project_42", null, { request: requests[1], outcome: "forbidden" });
    assert.deepEqual([mine.status, theirs.status], ["empty", "forbidden"]);
    socket.batchUpdate("project_42", keyframe(7, {}), { request: requests[0], outcome: "keyframe", codec: "json" });
    assert.equal(mine.status, "live");
  });

  test("a hub that comes after another on one socket takes no answer to it", () => {
    socket.connect();
    hub.channel("project_42");
    hub.close();
    const [[, asked]] = socket.take();
    const channel = connect(socket, { clock }).channel("project_42");
    socket.batchUpdate("project_42", keyframe(9, { n: 9 }), { request: asked.request, outcome: "keyframe", codec: "json" });
    assert.equal(channel.getSnapshot(), undefined);
  });

  test("a channel that another hub of the socket has is not given up with this one's", () => {
    const mine = live();
    const other = connect(socket, { clock });
    const theirs = other.channel("project_42");
    socket.answer("up_to_date", null, { position: ["A", 7] });
    socket.take();
    other.close();
    assert.deepEqual(socket.take(), []);
    socket.batchUpdate("project_42", delta(7, 8, replace("/n", 8)));
    assert.deepEqual([mine.getSnapshot().n, mine.status, theirs.status], [8, "live", "closed"]);
    mine.close();
    assert.deepEqual(socket.take(), [["sync:unsubscribe", { channel: "project_42" }]]);
  });
});

describe("fetch", () => {
  test("resolves with the value, whatever it is", async () => {
    const channel = live();
    for (const value of ["text", null, false, 0]) {
      const fetched = channel.fetch("/all_nodes/n7/full_result");
      assert.deepEqual(socket.take(), [
        ["sync:fetch", { channel: "project_42", pointer: "/all_nodes/n7/full_result" }],
      ]);
      socket.acknowledge({ value, position: ["A", 7] });
      assert.equal(await fetched, value);
    }
  });

  for (const [response, outcome] of [
    [{ error: "forbidden" }, "forbidden"],
    [{ error: "not_found" }, "not_found"],
    [undefined, "timeout"],
    [null, "invalid"],
    ["garbage", "invalid"],
    [Object.create({ value: 1 }), "invalid"],
  ]) {
    test(`rejects with ${outcome} when the answer is ${JSON.stringify(response)}`, async () => {
      const fetched = live().fetch("/a");
      socket.acknowledge(response);
      await assert.rejects(
        fetched,
        (error) => error instanceof FetchFailed && error.outcome === outcome && error.pointer === "/a",
      );
    });
  }

  test("rejects a value that is larger than a message with both sizes", async () => {
    const fetched = live().fetch("/a");
    socket.acknowledge({ error: "too_large", allowed: 1_048_576, found: 6_012_007 });
    const message =
      'the value at "/a" of channel "project_42" takes 6012007 bytes, over max_message_bytes=1048576, and was not sent';
    await assert.rejects(fetched, (error) => error instanceof MessageTooLarge && error.message === message);
  });

  test("rejects what is no pointer, and a channel that is closed, without asking", async () => {
    const channel = live();
    await assert.rejects(channel.fetch("a"), PatchError);
    channel.close();
    socket.take();
    await assert.rejects(channel.fetch("/a"), ChannelClosed);
    assert.deepEqual(socket.take(), []);
  });
});

describe("stats", () => {
  test("say how long the last question waited for the first word of its answer", () => {
    socket.connect();
    hub.channel("project_42");
    assert.equal(hub.stats.latencyMs, null);
    clock.pass(0.25);
    socket.answer("keyframe", keyframe(7, {}));
    assert.equal(hub.stats.latencyMs, 250);
    clock.pass(1);
    socket.batchUpdate("project_42", keyframe(8, {}), { request: "1", outcome: "keyframe", codec: "json" });
    assert.equal(hub.stats.latencyMs, 250, "answered already");
    socket.disconnect();
    socket.connect();
    clock.pass(0.5);
    socket.batchUpdate("project_42", null, { outcome: "forbidden" });
    assert.equal(hub.stats.latencyMs, 250, "unasked");
    socket.answer("up_to_date", null, { position: ["A", 8] });
    assert.equal(hub.stats.latencyMs, 500);
  });

  test("count what was applied", () => {
    live();
    socket.batchUpdate("project_42", delta(7, 8, []));
    socket.batchUpdate("project_42", delta(7, 8, []));
    socket.batchUpdate("elsewhere", delta(7, 8, []));
    const expected = {
      frames: 2,
      keyframes: 1,
      patches: 1,
      bytes: null,
      dictionaryBytes: 0,
      latencyMs: 0,
      polls: 0,
      gaps: 0,
      resyncs: 0,
      acks: 0,
      garbage: 0,
      droppedEvents: 0,
      lostEvents: 0,
      checksumMismatches: 0,
    };
    assert.deepEqual(hub.stats, expected);
  });
});
