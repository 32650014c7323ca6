/** The client on a real socket, against Python servers on threads and on greenlets that send from eight of them. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";

import { ALL_CODECS } from "../../src/realtime_sync/js/codecs.js";
import { connect } from "../../src/realtime_sync/js/index.js";
import { interpreter, ROOT } from "./python.js";
import { until } from "./until.js";

const SERVERS = {
  "python-socketio, threads": { kind: "plain", mode: "threading", patched: false },
  "Flask-SocketIO, gevent": { kind: "flask", mode: "gevent", patched: true },
};
const WORKERS = 8;
const EDITS = 40;

for (const [name, options] of Object.entries(SERVERS))
  describe(name, () => {
    let server;
    let url;

    before(async () => {
      const words = ["-m", "tests.adapters.server_process"];
      const arguments_ = JSON.stringify({ port: 0, life: 1, gevent_websocket: false, ...options });
      server = spawn(interpreter(), [...words, arguments_], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
      const [port] = await once(createInterface(server.stdout), "line");
      url = `http://127.0.0.1:${port}`;
    });

    after(async () => {
      server.kill();
      await once(server, "exit");
    });

    // A browser begins with polling and changes over to a WebSocket, in the middle of everything.
    for (const transports of [["polling", "websocket"], ["websocket"], ["polling"]])
      test(`all that eight workers do arrives, in order, over ${transports.join(", then ")}`, async () => {
        const socket = io(url, { transports, forceNew: true, reconnection: false });
        const hub = connect(socket, { codecs: ALL_CODECS });
        const tell = (what, rest) => socket.timeout(30_000).emitWithAck("control", { do: what, ...rest });
        try {
          const channel = transports.join("+");
          await tell("open", { channel, document: { shared: "" } });
          const watched = hub.channel(channel);
          await watched.ready();
          const announced = Array.from({ length: WORKERS }, () => []);
          const blobs = Array.from({ length: WORKERS }, () => []);
          watched.on("edited", ([worker, number]) => announced[worker].push(number));
          socket.on("blob", (worker, number, data) => {
            assert.equal(data.toString(), `${worker}:${number}`);
            blobs[worker].push(number);
          });
          const { document } = await tell("work", { channel, edits: EDITS });
          await until(() => announced.concat(blobs).every((numbers) => numbers.length === EDITS));
          const expected = Array.from({ length: EDITS }, (_, number) => number);
          for (const numbers of announced.concat(blobs)) assert.deepEqual(numbers, expected);
          await until(() => watched.getSnapshot().shared.length === document.shared.length);
          assert.deepEqual(watched.getSnapshot(), document);
          assert.equal(watched.status, "live");
        } finally {
          socket.disconnect();
        }
      });

    test("forty channels open at once over long polling, each with one question", async () => {
      const socket = io(url, { transports: ["polling"], forceNew: true, reconnection: false });
      const hub = connect(socket);
      try {
        const names = Array.from({ length: 40 }, (_, number) => `one of forty: ${number}`);
        for (const channel of names)
          await socket.timeout(30_000).emitWithAck("control", { do: "open", channel, document: {} });
        await Promise.all(names.map((name) => hub.channel(name).ready()));
        assert.equal(hub.stats.resyncs, 0);
      } finally {
        socket.disconnect();
      }
    });
  });
