/** No frame, of whatever codec, reaches a prototype: neither Object's nor that of anything in a document. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { ALL_CODECS } from "../../src/realtime_sync/js/codecs.js";
import { connect } from "../../src/realtime_sync/js/index.js";
import { dictionaryBody, encodeAs } from "./encoders.js";
import { FakeClock, FakeSocket } from "./fakes.js";

const KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"];
const BEFORE = fingerprint();

/** What every object, list and function inherits. */
function fingerprint() {
  return [Object, Array, String, Number, Function, Uint8Array, Map].map(({ prototype }) =>
    Reflect.ownKeys(prototype).map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)]),
  );
}

afterEach(() => assert.deepEqual(fingerprint(), BEFORE));

/** The prototypes in a value are those of plain objects and lists. */
function assertPlain(value) {
  if (typeof value !== "object" || value === null) return;
  assert.equal(Object.getPrototypeOf(value), Array.isArray(value) ? Array.prototype : Object.prototype);
  for (const key of Reflect.ownKeys(value)) assertPlain(Object.getOwnPropertyDescriptor(value, key).value);
}

/** JSON of an object whose keys are all dangerous; parsed, they are its own. */
const dangerous = (value) => `{${KEYS.map((key) => `"${key}":${value}`).join(",")}}`;
const POLLUTED = '{"polluted":true}';

for (const codec of ALL_CODECS) {
  const name = codec.name ?? codec;
  describe(name, () => {
    function open() {
      const socket = new FakeSocket();
      const hub = connect(socket, { codecs: [codec, "json"], clock: new FakeClock() });
      socket.connect();
      const channel = hub.channel("a");
      const heard = [];
      channel.on("*", (data, event) => heard.push([event, data]));
      const encode = (frame) => (name === "json" ? frame : encodeAs(name, frame));
      socket.answer("keyframe", encode(keyframe(`{"a":{},"l":[],${dangerous(POLLUTED).slice(1)}`)), { codec: name });
      return { channel, heard, send: (frame) => socket.batchUpdate("a", encode(frame)) };
    }

    const keyframe = (text, more = "{}") => ({
      ...{ type: "keyframe", epoch: "A", offset: 1 },
      ...{ document: JSON.parse(text), ...JSON.parse(more) },
    });

    test("a keyframe", () => {
      const { channel } = open();
      assert.equal(channel.status, "live");
      assertPlain(channel.getSnapshot());
      assert.deepEqual(Object.keys(channel.getSnapshot()).sort(), ["a", "l", ...KEYS].sort());
    });

    for (const op of ["add", "replace", "append", "test", "move", "copy", "remove"]) {
      test(`paths of ${op}, as an operation and in a group`, () => {
        const tails = [...KEYS, "__proto__/polluted", "constructor/prototype/polluted", "__proto__/__proto__/polluted"];
        const word = { add: "+", replace: "=", append: "~", test: "?", move: ">", copy: ":", remove: "-" }[op];
        for (const parent of ["", "/a", "/l", "/a/__proto__"]) {
          for (const tail of tails) {
            const operand = ["move", "copy"].includes(op) ? { from: "/constructor" } : { value: JSON.parse(POLLUTED) };
            const operation = { op, path: `${parent}/${tail}`, ...(op !== "remove" && operand) };
            const group = [parent, word + tail, ...(op === "remove" ? [] : Object.values(operand))];
            const forms = [{ type: "delta", epoch: "A", base: 1, offset: 2, patch: [operation] }];
            if (name !== "json") forms.push(["d", "A", 1, 1, [group]], ["d", "A", 1, 1, [operation]]);
            for (const frame of forms) {
              const { channel, send } = open();
              send(frame);
              assertPlain(channel.getSnapshot());
              assert.equal({}.polluted, undefined);
            }
          }
        }
      });
    }

    test("members of a frame, of its extra and of an operation are never inherited, and never lead anywhere", () => {
      for (const text of [
        '{"__proto__":{"type":"delta","epoch":"A","base":1,"offset":2,"patch":[]}}',
        '{"type":"delta","epoch":"A","base":1,"offset":2,"patch":[{"__proto__":{"op":"remove","path":"/a"}}]}',
        '{"type":"delta","epoch":"A","base":1,"offset":2,"__proto__":{"patch":[],"events":[["e",1]]}}',
        '["d","A",1,1,[],{"__proto__":{"events":[["e",1]],"dropped":3}}]',
        '["d","A",1,1,[{"__proto__":{"op":"remove","path":"/a"}}]]',
      ]) {
        const { channel, heard, send } = open();
        send(JSON.parse(text));
        assert.deepEqual(heard, []);
        assert.ok("a" in channel.getSnapshot());
      }
    });

    test("events named and filled like prototypes", () => {
      const { channel, heard, send } = open();
      const events = KEYS.map((key) => [key, JSON.parse(dangerous(POLLUTED))]);
      send({ type: "delta", epoch: "A", base: 1, offset: 2, patch: [], events });
      assert.equal(channel.position.offset, 2);
      assert.deepEqual(
        heard.map(([event]) => event),
        KEYS,
      );
      for (const [, data] of heard) assertPlain(data);
    });

    test("selections find own members alone", () => {
      const { channel, send } = open();
      const seen = [];
      for (const key of KEYS) {
        channel.select(`/${key}/polluted`, (value) => seen.push([key, value]));
        channel.select(`/a/${key}`, () => assert.fail("inherited"));
        channel.select(`/l/${key}`, () => assert.fail("inherited"));
      }
      send({ type: "delta", epoch: "A", base: 1, offset: 2, patch: [{ op: "remove", path: "/__proto__" }] });
      assert.deepEqual(seen, [["__proto__", undefined]]);
    });
  });
}

test("a part, a dictionary and an answer whose members are inherited are none", () => {
  const socket = new FakeSocket();
  const hub = connect(socket, { clock: new FakeClock() });
  socket.connect();
  hub.channel("a");
  const good = dictionaryBody("json+deflate+dictionary", Buffer.from("content"));
  const bodies = [
    JSON.parse('{"type":"dictionary","__proto__":{"codec":"json+deflate+dictionary","id":"00000000","data":""}}'),
    { ...good, id: "__proto__" },
    { ...good, codec: "constructor" },
    JSON.parse('{"type":"part","__proto__":{"id":"1","index":0,"count":1,"data":"{}"}}'),
  ];
  for (const body of bodies) socket.batchUpdate("a", body);
  socket.batchUpdate("a", null, JSON.parse('{"__proto__":{"outcome":"forbidden"}}'));
  socket.batchUpdate("__proto__", null, { outcome: "forbidden" });
  assert.equal(hub.stats.garbage, bodies.length + 1);
});
