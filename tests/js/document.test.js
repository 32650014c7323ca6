import assert from "node:assert/strict";
import { test } from "node:test";

import { jsonEquals, MAX_DEPTH, shareEqual } from "../../src/realtime_sync/js/equality.js";
import { PatchError } from "../../src/realtime_sync/js/errors.js";
import { applyPatch } from "../../src/realtime_sync/js/patch.js";
import { find, formatPointer, parsePointer } from "../../src/realtime_sync/js/pointer.js";
import { conformance } from "./conformance.js";
import { sample, seeded } from "./seeded.js";

/** Frozen all through, so that any change of it throws. */
function frozen(value) {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const nested = (levels) => JSON.parse("[".repeat(levels) + "]".repeat(levels));

// ---- pointer.json, equality.json, patch.json -----------------------------------------------------------------------

for (const { comment, document, pointer, expected, error } of conformance("pointer")) {
  test(`pointer.json: ${comment}`, () => {
    const resolve = () => {
      const found = find(document, parsePointer(pointer));
      if (found === undefined) throw new PatchError("nothing there");
      return found;
    };
    if (error) assert.throws(resolve, PatchError);
    else assert.deepEqual(resolve(), expected);
  });
}

for (const { comment, a, b, equal } of conformance("equality")) {
  test(`equality.json: ${comment}`, () => {
    assert.equal(jsonEquals(a, b), equal);
    assert.equal(jsonEquals(b, a), equal);
    assert.equal(shareEqual(a, b) === a, equal || a === b, "what is equal is shared, and nothing else");
  });
}

for (const { comment, document, patch, expected, error } of conformance("patch")) {
  test(`patch.json: ${comment}`, () => {
    frozen(document);
    frozen(patch);
    if (error) assert.throws(() => applyPatch(document, patch), PatchError);
    else assert.deepEqual(applyPatch(document, patch), expected);
  });
}

// ---- pointers ------------------------------------------------------------------------------------------------------

test("formatPointer undoes parsePointer", () => {
  for (const pointer of ["", "/", "/a/b", "/a~1b/~0~1/~01", "//", "/é/-"])
    assert.equal(formatPointer(parsePointer(pointer)), pointer);
});

test("a pointer finds nothing that is inherited", () => {
  for (const pointer of ["/__proto__", "/constructor/prototype", "/toString", "/length"]) {
    assert.equal(find({ a: [1] }, parsePointer(pointer)), undefined);
    assert.equal(find({ a: [1] }, parsePointer(`/a${pointer}`)), undefined);
  }
  assert.equal(find("text", parsePointer("/length")), undefined);
});

// ---- patches -------------------------------------------------------------------------------------------------------

test("what a patch does not reach is shared", () => {
  const before = frozen({ a: { b: { c: 1 }, d: {} }, e: [{}, {}] });
  const after = applyPatch(before, [{ op: "replace", path: "/a/b/c", value: 2 }]);
  assert.deepEqual(after, { a: { b: { c: 2 }, d: {} }, e: [{}, {}] });
  assert.equal(after.a.d, before.a.d);
  assert.equal(after.e, before.e);
});

test("a patch that changes nothing returns the document itself", () => {
  const before = frozen({ a: { b: [1, { c: null }] }, text: "x" });
  const same = [
    [],
    [{ op: "test", path: "/text", value: "x" }],
    [{ op: "replace", path: "/a", value: { b: [1, { c: null }] } }],
    [{ op: "replace", path: "", value: { text: "x", a: { b: [1, { c: null }] } } }],
    [{ op: "append", path: "/text", value: "" }],
    [{ op: "move", from: "/a/b", path: "/a/b" }],
  ];
  for (const patch of same) assert.equal(applyPatch(before, patch), before, JSON.stringify(patch));
});

test("a replaced value keeps its parts that are equal", () => {
  const before = frozen({ n: { x: { deep: [1, 2] }, y: 1 } });
  const after = applyPatch(before, [{ op: "replace", path: "/n", value: { x: { deep: [1, 2] }, y: 2 } }]);
  assert.deepEqual(after, { n: { x: { deep: [1, 2] }, y: 2 } });
  assert.equal(after.n.x, before.n.x);
});

test("an operation cannot change the value that another one brought", () => {
  const patch = frozen([
    { op: "add", path: "/a", value: { list: [] } },
    { op: "add", path: "/a/list/-", value: 1 },
    { op: "copy", from: "/a", path: "/b" },
    { op: "add", path: "/b/list/-", value: 2 },
    { op: "add", path: "/a/list/-", value: 3 },
  ]);
  assert.deepEqual(applyPatch(frozen({}), patch), { a: { list: [1, 3] }, b: { list: [1, 2] } });
});

test("no patch reaches a prototype", () => {
  const value = { polluted: true };
  for (const path of [
    "/__proto__/polluted",
    "/constructor/prototype/polluted",
    "/a/__proto__/polluted",
    "/l/__proto__/polluted",
  ]) {
    assert.throws(() => applyPatch({ a: {}, l: [] }, [{ op: "add", path, value: true }]), PatchError);
  }
  const document = applyPatch({ a: {} }, [
    { op: "add", path: "/__proto__", value },
    { op: "add", path: "/a/__proto__", value: 1 },
    { op: "copy", from: "/__proto__", path: "/a/constructor" },
  ]);
  assert.equal(
    JSON.stringify(document),
    '{"a":{"__proto__":1,"constructor":{"polluted":true}},"__proto__":{"polluted":true}}',
  );
  assert.equal(Object.getPrototypeOf(document), Object.prototype);
  assert.equal(Object.getPrototypeOf(document.a), Object.prototype);
  assert.equal({}.polluted, undefined);
  assert.deepEqual(Object.keys(applyPatch(document, [{ op: "remove", path: "/__proto__" }])), ["a"]);
});

test("members of an operation are never inherited", () => {
  const inherited = Object.assign(Object.create({ value: 1 }), { op: "add", path: "/a" });
  assert.throws(() => applyPatch({}, [inherited]), /lacks "value"/);
});

test("an error says which operation, where, and what is there instead", () => {
  const failures = [
    [[{ op: "remove", path: "/a/9" }], /^operation 0 \(.*\): '\/a\/9' does not exist: the list has 2 elements$/],
    [[{ op: "remove", path: "/b/x/y" }], /'\/b\/x' does not exist: the object has no such member$/],
    [[{ op: "add", path: "/n/x", value: 1 }], /'\/n\/x' does not exist: the value above it is 1, which holds nothing$/],
    [[{ op: "test", path: "", value: 1 }, 1], /'' is \{"a":\[1,2\].*\}, not 1$/],
    [
      [
        { op: "test", path: "/n", value: 1 },
        { op: "append", path: "/n", value: "x" },
      ],
      /^operation 1 .*'\/n' is 1: only a string can grow$/,
    ],
    [[{ op: "toString" }], /no operation is called "toString"$/],
    [[null], /an operation is an object$/],
  ];
  for (const [patch, message] of failures) {
    assert.throws(
      () => applyPatch({ a: [1, 2], b: {}, n: 1 }, patch),
      (error) => error instanceof PatchError && message.test(error.message),
    );
  }
  assert.throws(() => applyPatch({}, "[]"), /a patch is a list of operations, not "\[\]"/);
});

// ---- equality ------------------------------------------------------------------------------------------------------

test("values nested deeper than any server sends are refused by test, and replaced without being compared", () => {
  const deep = nested(MAX_DEPTH + 10);
  assert.throws(() => jsonEquals(deep, nested(MAX_DEPTH + 10)), PatchError);
  assert.equal(jsonEquals(nested(MAX_DEPTH), nested(MAX_DEPTH)), true);
  const next = nested(100_000);
  assert.notEqual(shareEqual(deep, next), deep);
});

test("shareEqual returns an equal value, reuses equal parts, and changes neither argument", () => {
  const random = seeded(7);
  for (let round = 0; round < 2_000; round++) {
    const previous = frozen(sample(random, 3));
    const next = frozen(sample(random, 3));
    const shared = shareEqual(previous, next);
    assert.deepEqual(shared, next);
    assert.equal(shared === previous, jsonEquals(previous, next));
    const copy = frozen(structuredClone(previous));
    assert.equal(shareEqual(previous, copy), previous);
  }
});
