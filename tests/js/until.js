/** Waiting for what crosses a real network, which has no other clock. */

import assert from "node:assert/strict";

/** @param {() => unknown} condition */
export async function until(condition) {
  const end = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "it did not happen within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
