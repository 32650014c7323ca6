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

import { BUNDLE, EVERYTHING, bundle, bundled } from "./bundle.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../src/realtime_sync/js", import.meta.url));
const TSC = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const MANIFEST = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

const read = (...path) => readFileSync(join(PACKAGE, ...path), "utf8");
const sources = () => readdirSync(PACKAGE).filter((name) => name.endsWith(".js") && !BUNDLE.endsWith(name));

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

test("every entry of the manifest leads somewhere, and its dependencies are those that are tested", async () => {
  for (const target of Object.values(MANIFEST.exports).flatMap((entry) => Object.values([entry].flat()[0]))) {
    if (typeof target === "string" && target.startsWith("./")) assert.ok(read(target));
  }
  const { devDependencies } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(MANIFEST.dependencies), ["fflate", "fzstd"]);
  assert.equal(MANIFEST.dependencies.fflate, devDependencies.fflate, "pinned: deflate.js reads its state");
  assert.equal(MANIFEST.dependencies.fzstd, `^${devDependencies.fzstd}`);
  assert.deepEqual(Object.keys(MANIFEST.peerDependencies), Object.keys(MANIFEST.peerDependenciesMeta));
  const python = readFileSync(join(HERE, "../../pyproject.toml"), "utf8");
  assert.equal(MANIFEST.version, /^version = "(.*)"$/m.exec(python)[1], "one version in Python and JavaScript");
  assert.equal(read("LICENSE"), readFileSync(join(HERE, "../../LICENSE"), "utf8"));
});

test("each library is imported in one place", () => {
  const places = { "react.js": ["react"], "deflate.js": ["fflate"], "zstd.js": ["fzstd"] };
  for (const name of sources()) {
    const imported = [...read(name).matchAll(/^(?:import|export) [^;]*? from "([^"]+)";$/gm)].map(([, from]) => from);
    const foreign = imported.filter((from) => !from.startsWith("./"));
    assert.deepEqual(foreign, places[name] ?? [], name);
    for (const from of imported)
      if (from.startsWith("./")) assert.ok(sources().includes(from.slice(2)), `${name}: ${from}`);
  }
});

test("what index.js exports is what README and a reader expect", async () => {
  const names = Object.keys(await import("@realtime-sync/client")).sort();
  assert.deepEqual(names, [
    ...["Backoff", "ChannelClosed", "DEFAULT_LIMITS", "DecodeError", "FetchFailed", "LimitExceeded", "MessageTooLarge"],
    ...["PatchError", "ProtocolError", "Replica", "SubscriptionRefused", "SyncError", "WIRE_VERSION", "applyPatch"],
    ...["connect", "jsonDeflate", "jsonDeflateDictionary", "jsonEquals", "reconnect", "reconnectOptions"],
  ]);
});

// ---- the bundle, and sizes -----------------------------------------------------------------------------------------

test("realtime-sync.js is built from these sources; `npm run build-bundle` in tests/js writes it", async () => {
  assert.ok(readFileSync(BUNDLE, "utf8") === (await bundle()), "it is stale: build it again");
});

test("realtime-sync.js is the whole client, with the licences of what is in it", async () => {
  const [whole, index, codecs] = await Promise.all(
    [BUNDLE, "@realtime-sync/client", "@realtime-sync/client/codecs"].map((name) => import(name)),
  );
  assert.deepEqual(Object.keys(whole).sort(), [...new Set(Object.keys({ ...index, ...codecs }))].sort());
  assert.equal(whole.ALL_CODECS.length, codecs.ALL_CODECS.length);
  const text = readFileSync(BUNDLE, "utf8");
  assert.doesNotMatch(text, /^import /m);
  for (const name of ["@realtime-sync/client", "fflate", "fzstd"]) assert.match(text, new RegExp(`^${name} [0-9]`, "m"));
  assert.equal(text.match(/Permission is hereby granted/g).length, 3);
});

test("an error keeps its name where classes are renamed", async () => {
  const { SyncError, LimitExceeded } = await import(BUNDLE);
  assert.match(String(new LimitExceeded("json", "maxDepth", 1, 2)), /^LimitExceeded: not a frame of codec json/);
  assert.equal(new SyncError("x").name, "SyncError");
});

test("the sizes are those that the README states", async () => {
  const readme = read("README.md");
  const stated = (words) => Number(new RegExp(`(\\d+) kB ${words}`).exec(readme)[1]);
  const sizeOf = async (source) => gzipSync(await bundled(source), { level: 9 }).length / 1_000;
  const sizes = [
    ["minified and gzipped", await sizeOf('import { connect } from "./index.js"; globalThis.connect = connect;')],
    ["with every codec", await sizeOf(EVERYTHING)],
  ];
  for (const [words, size] of sizes) assert.equal(stated(words), Math.round(size), `${words}: ${size} kB`);
});
