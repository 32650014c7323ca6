import assert from "node:assert/strict";
import { test } from "node:test";

import { readFrame } from "../../src/realtime_sync/js/compact.js";
import { LimitExceeded, ProtocolError } from "../../src/realtime_sync/js/errors.js";
import { parseAnswer, parseFrame } from "../../src/realtime_sync/js/frames.js";
import { DEFAULT_LIMITS, limitsWith } from "../../src/realtime_sync/js/limits.js";
import { conformance, limitsOf } from "./conformance.js";

/** A frame as the conformance cases write it. */
const asRead = ({ check, ...frame }) => (check ? { ...frame, check: [check.crc32, ...check.pointers] } : frame);

for (const { comment, frame, expected, error } of conformance("frames")) {
  test(`frames.json: ${comment}`, () => {
    if (error) assert.throws(() => parseFrame(frame), ProtocolError);
    else assert.deepEqual(asRead(parseFrame(frame)), expected);
    if (!error) assert.deepEqual(readFrame(frame, DEFAULT_LIMITS), parseFrame(frame));
  });
}

for (const { comment, compact, expected, error, limits } of conformance("compact")) {
  test(`compact.json: ${comment}: ${JSON.stringify(compact).slice(0, 80)}`, () => {
    const read = () => readFrame(compact, limitsOf(limits));
    if (error) assert.throws(read, limits ? LimitExceeded : ProtocolError);
    else assert.deepEqual(asRead(read()), expected);
  });
}

test("a patch of more operations than are allowed is refused, in both forms", () => {
  const patch = Array(DEFAULT_LIMITS.maxOperations + 1).fill({ op: "remove", path: "/a" });
  for (const frame of [{ type: "delta", epoch: "A", base: 1, offset: 2, patch }, ["d", "A", 1, 1, patch]]) {
    assert.throws(
      () => readFrame(frame, DEFAULT_LIMITS),
      (error) => error instanceof LimitExceeded && error.limit === "maxOperations" && error.found === 100_001,
    );
  }
});

test("limits are changed by name, and only to what they can be", () => {
  assert.deepEqual(limitsWith({ maxDepth: 240 }), { ...DEFAULT_LIMITS, maxDepth: 240 });
  const wrong = [{ maxDepth: 241 }, { max_depth: 1 }, { maxElements: 0 }, { maxElements: 1.5 }, { maxElements: "9" }];
  for (const limits of wrong) assert.throws(() => limitsWith(limits), RangeError);
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
    dropped: 0,
    serial: 0,
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
  "a count below zero": { outcome: "keyframe", dropped: -1 },
  "a position of three": { outcome: "keyframe", position: ["A", 1, 2] },
})) {
  test(`no answer: ${what}`, () => assert.throws(() => parseAnswer(value), ProtocolError));
}
