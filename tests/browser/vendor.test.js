/** What the page serves of others is what they published. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const VENDORED = fileURLToPath(new URL("../../examples/agent_server/static/vendor/", import.meta.url));
const PUBLISHED = dirname(fileURLToPath(import.meta.resolve("socket.io-client/package.json")));

for (const [ours, theirs] of [
  ["socket.io.esm.min.js", "dist/socket.io.esm.min.js"],
  ["socket.io-client.LICENSE", "LICENSE"],
]) {
  test(`vendor/${ours} is the file of the pinned npm package`, async () => {
    const [vendored, published] = await Promise.all([
      readFile(join(VENDORED, ours)),
      readFile(join(PUBLISHED, theirs)),
    ]);
    assert.ok(vendored.equals(published), "copy it again from the version that package.json pins");
  });
}
