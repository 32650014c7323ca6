import assert from "node:assert/strict";
import { test } from "node:test";

import { ProtocolError } from "../../src/realtime_sync/js/errors.js";
import { MAX_OPERATIONS, parseAnswer, parseFrame } from "../../src/realtime_sync/js/frames.js";
import { conformance } from "./conformance.js";

for (const { comment, frame, expected, error } of conformance("frames")) {
  test(`frames.json: ${comment}`, () => {
    if (error) assert.throws(() => parseFrame(frame), ProtocolError);
    else assert.deepEqual(parseFrame(frame), expected);
  });
}

test("a patch of more operations than any server sends is refused", () => {
  const patch = Array(MAX_OPERATIONS + 1).fill({ op: "remove", path: "/a" });
  assert.throws(
    () => parseFrame({ type: "delta", epoch: "A", base: 1, offset: 2, patch }),
    /at most 100000 operations/,
  );
});

test("members are never inherited", () => {
  const inherited = Object.create({ type: "closed", epoch: "A", reason: "no" });
  assert.throws(() => parseFrame(inherited), ProtocolError);
});

test("an answer says what it answers, and fills in what is absent", () => {
  assert.deepEqual(parseAnswer({ outcome: "forbidden", request: "1", future: true }), {
    outcome: "forbidden",
    request: "1",
    codec: null,
    position: null,
    message: "",
  });
  assert.deepEqual(parseAnswer({ outcome: "waiting", codec: "json", position: ["A", 0] }).position, {
    epoch: "A",
    offset: 0,
  });
});

for (const [what, value] of Object.entries({
  null: null,
  "a list": [],
  "no outcome": { request: "1" },
  "an unknown outcome": { outcome: "toString" },
  "a request that is a number": { outcome: "patch", request: 1 },
  "up_to_date without a position": { outcome: "up_to_date" },
  "waiting at no position": { outcome: "waiting", position: ["A"] },
  "a position of three": { outcome: "keyframe", position: ["A", 1, 2] },
})) {
  test(`no answer: ${what}`, () => assert.throws(() => parseAnswer(value), ProtocolError));
}
