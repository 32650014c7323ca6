/** The folder as a package: what is in it, what it says of its types, what it costs. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../src/realtime_sync/js", import.meta.url));
const TSC = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const MANIFEST = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

const read = (...path) => readFileSync(join(PACKAGE, ...path), "utf8");
const sources = () => readdirSync(PACKAGE).filter((name) => name.endsWith(".js"));

/** Run the TypeScript compiler; what it complains of becomes the error. */
async function tsc(...args) {
  await promisify(execFile)(process.execPath, [TSC, ...args], { cwd: HERE }).catch(({ stdout, stderr }) => {
    assert.fail(`tsc ${args.join(" ")}\n${stdout}${stderr}`);
  });
}

test("the types of the sources hold", () => tsc("-p", "tsconfig.json"));

for (const resolution of ["node16", "bundler"]) {
  test(`a strict application compiles against the package with moduleResolution ${resolution}`, () =>
    tsc("-p", `consumer/tsconfig.${resolution}.json`));
}

test("the .d.ts files are those of the sources; `npm run build-types` in tests/js writes them", async () => {
  const fresh = mkdtempSync(join(tmpdir(), "types-"));
  try {
    await tsc("-p", "tsconfig.types.json", "--outDir", fresh);
    const names = readdirSync(fresh).sort();
    assert.deepEqual(readdirSync(join(PACKAGE, "types")).sort(), names);
    for (const name of names) assert.equal(read("types", name), readFileSync(join(fresh, name), "utf8"), name);
  } finally {
    rmSync(fresh, { recursive: true });
  }
});

test("every entry of the manifest leads somewhere, and has no dependency", async () => {
  for (const target of Object.values(MANIFEST.exports).flatMap((entry) => Object.values([entry].flat()[0]))) {
    if (typeof target === "string" && target.startsWith("./")) assert.ok(read(target));
  }
  assert.equal(MANIFEST.dependencies, undefined);
  assert.deepEqual(Object.keys(MANIFEST.peerDependencies), Object.keys(MANIFEST.peerDependenciesMeta));
  const python = readFileSync(join(HERE, "../../pyproject.toml"), "utf8");
  assert.equal(MANIFEST.version, /^version = "(.*)"$/m.exec(python)[1], "one version in Python and JavaScript");
  assert.equal(read("LICENSE"), readFileSync(join(HERE, "../../LICENSE"), "utf8"));
});

test("what is imported comes from the package itself; React only in react.js", () => {
  for (const name of sources()) {
    const imported = [...read(name).matchAll(/^(?:import|export) [^;]*? from "([^"]+)";$/gm)].map(([, from]) => from);
    const foreign = imported.filter((from) => !from.startsWith("./"));
    assert.deepEqual(foreign, name === "react.js" ? ["react"] : [], name);
    for (const from of imported)
      if (from.startsWith("./")) assert.ok(sources().includes(from.slice(2)), `${name}: ${from}`);
  }
});

test("what index.js exports is what README and a reader expect", async () => {
  const names = Object.keys(await import("@realtime-sync/client")).sort();
  assert.deepEqual(names, [
    ...["Backoff", "ChannelClosed", "FetchFailed", "PatchError", "ProtocolError", "Replica", "SubscriptionRefused"],
    ...["SyncError", "WIRE_VERSION", "applyPatch", "binaryCodec", "connect", "jsonEquals", "parseJson"],
  ]);
});

test("all of it, comments left out, is under 10 kB gzipped", () => {
  const code = sources()
    .filter((name) => name !== "react.js")
    .map((name) => withoutComments(read(name)))
    .join("\n");
  const size = gzipSync(code, { level: 9 }).length;
  assert.ok(size < 10_000, `${size} bytes`);
});

/** Good enough for these sources: comments begin a line, or stand behind code after two spaces or a type. */
function withoutComments(code) {
  return code
    .replaceAll(/\/\*\*?[\s\S]*?\*\//g, "")
    .replaceAll(/(^|\s)\/\/ .*$/gm, "")
    .replaceAll(/^\s+|\s+$/gm, "");
}
