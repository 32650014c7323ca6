/** What a page is told when its document was not the newest, and is again. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Backoff, connect } from "../../src/realtime_sync/js/index.js";
import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

let socket;
let channel;
let heard;

beforeEach(() => {
  socket = new FakeSocket();
  const hub = connect(socket, { clock: new FakeClock(), backoff: new Backoff({ baseS: 2, jitter: 0 }) });
  socket.connect();
  channel = hub.channel("project_42");
  socket.answer("keyframe", keyframe(7, { n: 7 }));
  heard = [];
  channel.on("sync:resync", (resync) => heard.push({ ...resync, status: channel.status, n: channel.getSnapshot().n }));
  channel.on("*", (_, name) => assert.fail(`${name} is no event of the server's`));
});

const at = (offset, epoch = "A") => ({ epoch, offset });

test("a reconnect is told when the document is live again, with what lay between", () => {
  socket.disconnect();
  socket.connect();
  assert.deepEqual(heard, []);
  socket.answer("patch", delta(7, 20, replace("/n", 20)));
  const resync = { reason: "reconnect", fromPosition: at(7), toPosition: at(20) };
  assert.deepEqual(heard, [{ ...resync, status: "live", n: 20 }]);
});

test("a server that began anew is told by its other epoch", () => {
  socket.disconnect();
  socket.connect();
  socket.answer("keyframe", { ...keyframe(1, { n: 1 }), epoch: "B" });
  const resync = { reason: "reconnect", fromPosition: at(7), toPosition: at(1, "B") };
  assert.deepEqual(heard, [{ ...resync, status: "live", n: 1 }]);
});

test("a gap is told when it is closed; the next delta is nothing to tell", () => {
  socket.batchUpdate("project_42", delta(8, 9, replace("/n", 9)));
  assert.equal(channel.status, "stale");
  assert.deepEqual(heard, []);
  socket.answer("patch", delta(7, 9, replace("/n", 9)));
  socket.batchUpdate("project_42", delta(9, 10, replace("/n", 10)));
  assert.deepEqual(heard, [{ reason: "gap", fromPosition: at(7), toPosition: at(9), status: "live", n: 9 }]);
});

test("what goes wrong while it is told is reported, and stops nobody else", () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  try {
    channel.on("sync:resync", () => {
      throw new Error("mine");
    });
    let told = 0;
    channel.on("sync:resync", () => told++);
    socket.disconnect();
    socket.connect();
    socket.answer("keyframe", keyframe(9, { n: 9 }));
    assert.equal(told, 1);
    assert.deepEqual(reported, ["mine"]);
  } finally {
    delete globalThis.reportError;
  }
});
