/** The suite of json-patch-tests, which implementations of JSON Patch in many languages run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { jsonEquals } from "../../src/realtime_sync/js/equality.js";
import { PatchError } from "../../src/realtime_sync/js/errors.js";
import { applyPatch } from "../../src/realtime_sync/js/patch.js";

for (const file of ["spec_tests.json", "tests.json"]) {
  const cases = JSON.parse(readFileSync(new URL(`../data/json-patch-tests/${file}`, import.meta.url), "utf8"));
  cases.forEach(({ comment, doc, patch, expected, error, disabled }, index) => {
    if (patch === undefined || disabled) return; // a heading, or a case that the suite itself took out
    test(`${file} ${index}: ${comment ?? error ?? JSON.stringify(patch)}`, () => {
      if (error !== undefined) assert.throws(() => applyPatch(doc, patch), PatchError);
      else {
        const result = applyPatch(doc, patch);
        if (expected !== undefined) assert.ok(jsonEquals(result, expected), JSON.stringify(result));
      }
    });
  });
}
