import assert from "node:assert/strict";
import { test } from "node:test";

import { Assembly, isPart, parsePart } from "../../src/realtime_sync/js/assembly.js";
import { ProtocolError } from "../../src/realtime_sync/js/errors.js";
import { conformance } from "./conformance.js";

/** Bytes stand in the cases as `{"base64": text}`. */
const fromCase = ({ data, ...part }) => ({ ...part, data: data?.base64 ? Buffer.from(data.base64, "base64") : data });

for (const { comment, max_bytes, steps } of conformance("assembly")) {
  test(`assembly.json: ${comment}`, () => {
    const assembly = new Assembly(max_bytes);
    steps.forEach((step, index) => {
      const take = () => (step.part ? assembly.add(parsePart(fromCase(step.part)), "json") : assembly.drop());
      if (step.error) return assert.throws(take, ProtocolError, `step ${index}`);
      const whole = take() ?? null;
      const joined = whole && (whole.isText ? Buffer.from(whole.bytes).toString() : base64(whole.bytes));
      assert.deepEqual(joined, step.joined ?? null, `step ${index}`);
    });
  });
}

const base64 = (bytes) => ({ base64: Buffer.from(bytes).toString("base64") });

test("only an object of its own type is a part", () => {
  assert.ok(isPart({ type: "part" }));
  for (const body of [null, "part", [], { type: "delta" }, Object.create({ type: "part" }), new Uint8Array(1)])
    assert.ok(!isPart(body));
});

for (const [what, changed] of Object.entries({
  "no id": { id: undefined },
  "an empty id": { id: "" },
  "a long id": { id: "x".repeat(65) },
  "an index beyond the count": { index: 2 },
  "an index below 0": { index: -1 },
  "an index that is no integer": { index: 0.5 },
  "a count that is text": { count: "2" },
  "no data": { data: undefined },
  "empty data": { data: "" },
  "no bytes": { data: new Uint8Array() },
  "data that is a list": { data: [1] },
  "half a character": { data: "x\ud800" },
})) {
  test(`no part: ${what}`, () => {
    const part = { type: "part", id: "1", index: 0, count: 2, data: "x" };
    assert.equal(parsePart(part).isText, true);
    assert.throws(() => parsePart({ ...part, ...changed }), ProtocolError);
  });
}
