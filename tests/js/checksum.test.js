import assert from "node:assert/strict";
import { test } from "node:test";

import { checksum } from "../../src/realtime_sync/js/checksum.js";
import { crc32 } from "../../src/realtime_sync/js/crc32.js";
import { jsonEquals } from "../../src/realtime_sync/js/equality.js";
import { conformance } from "./conformance.js";
import { runPython } from "./python.js";
import { sample, seeded } from "./seeded.js";

for (const { comment, document, pointers, bytes, expected } of conformance("checksum")) {
  test(`checksum.json: ${comment}`, () => {
    assert.equal(checksum(document, pointers), expected);
    if (bytes !== undefined) assert.equal(crc32(Buffer.from(bytes, "hex")), expected);
  });
}

/** The bytes that PROTOCOL.md gives for a value, by its words. */
function canonical(value) {
  const head = (tag, count) => Buffer.from([tag.charCodeAt(0), count >>> 24, count >>> 16, count >>> 8, count]);
  if (value === null) return Buffer.from("n");
  if (typeof value === "boolean") return Buffer.from(value ? "t" : "f");
  if (typeof value === "number") {
    const double = Buffer.alloc(8);
    double.writeDoubleBE(value === 0 ? 0 : value);
    return Buffer.concat([Buffer.from("d"), double]);
  }
  if (typeof value === "string") return Buffer.concat([head("s", Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head("[", value.length), ...value.map(canonical)]);
  const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const members = keys.flatMap((key) => [canonical(key), canonical(value[key])]);
  return Buffer.concat([head("{", keys.length), ...members]);
}

test("the checksum of random values is the CRC of their canonical bytes, and tells them apart", () => {
  const random = seeded(1);
  let previous = null;
  for (let run = 0; run < 2_000; run++) {
    const value = sample(random, 4);
    assert.equal(checksum(value, [""]), crc32(canonical(value)));
    assert.equal(checksum(value, [""]) === checksum(previous, [""]), jsonEquals(value, previous));
    previous = value;
  }
});

test("documents that Python made have the checksums that Python gives them", async () => {
  const lines = (await runPython(["tests.js.checksum_documents", "1", "300"])).trimEnd().split("\n");
  assert.equal(lines.length, 600);
  for (const line of lines) {
    const { document, pointers, expected } = JSON.parse(line);
    assert.equal(checksum(document, pointers), expected, line);
  }
});

test("keys of all planes are ordered by their UTF-8", () => {
  const random = seeded(2);
  const points = [0x61, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff];
  const key = () => String.fromCodePoint(...Array.from({ length: 3 }, () => points[Math.floor(random() * 11)]));
  for (let run = 0; run < 500; run++) {
    const object = Object.fromEntries(Array.from({ length: 8 }, () => [key(), 1]));
    assert.equal(checksum(object, [""]), crc32(canonical(object)));
  }
});

test("text of every length around the buffer's is covered", () => {
  for (const character of ["a", "é", "日", "😀"]) {
    for (const length of [0, 1, 1_300, 1_363, 1_364, 1_365, 4_091, 4_096, 100_000]) {
      const value = [1, character.repeat(length), 2, character.repeat(length)];
      assert.equal(checksum(value, [""]), crc32(canonical(value)), `${length} times ${character}`);
    }
  }
});

test("nesting deeper than JavaScript calls is covered", () => {
  let document = "end";
  for (let depth = 0; depth < 100_000; depth++) document = [document];
  const expected = crc32(Buffer.concat([Buffer.from("[\0\0\0\x01".repeat(100_000)), canonical("end")]));
  assert.equal(checksum(document, [""]), expected);
});

test("a value that is in a billion places is given up", () => {
  let shared = "x";
  for (let depth = 0; depth < 30; depth++) shared = [shared, shared];
  assert.equal(checksum(shared, ["#"]), crc32(Buffer.from("[\0\0\0\x02")));
  assert.equal(checksum(shared, [""]), null);
});

test("one check covers no more than the most that a check may weigh", () => {
  const document = Array(2 ** 18).fill(0);
  assert.notEqual(checksum(document, ["", "", ""]), null);
  assert.equal(checksum(document, ["", "", "", ""]), null);
});

test("what is inherited is not covered, and nothing is changed", () => {
  const document = Object.freeze(JSON.parse('{"__proto__": {"a": [-0]}, "b": {}}'));
  assert.equal(checksum(document, ["/b/__proto__", "/__proto__/a"]), crc32(Buffer.concat([Buffer.from("x"), canonical([0])])));
});
