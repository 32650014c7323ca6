/**
 * The whole client in one file, for pages without a bundler: every decoder, and the licences of the libraries inside.
 *
 * `npm run build-bundle` in tests/js writes it; a test builds it anew and compares.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";

const PACKAGE = fileURLToPath(new URL("../../src/realtime_sync/js", import.meta.url));
const LIBRARIES = fileURLToPath(new URL("./node_modules", import.meta.url));

export const BUNDLE = `${PACKAGE}/realtime-sync.js`;

/** What is in it: all that `@realtime-sync/client` and `@realtime-sync/client/codecs` export. */
export const EVERYTHING = 'export * from "./index.js"; export * from "./codecs.js";';

/** Return `source`, which imports from the package, with all that it imports, in as few characters as possible. */
export async function bundled(source, { banner = "" } = {}) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: PACKAGE },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    nodePaths: [LIBRARIES],
    legalComments: "none",
    banner: { js: banner },
  });
  return outputFiles[0].text;
}

/** Return what the file has to be. */
export function bundle() {
  return bundled(EVERYTHING, { banner: `/*!\n${licences()}\n*/` });
}

function licences() {
  const { version } = JSON.parse(readFileSync(`${PACKAGE}/package.json`, "utf8"));
  const parts = [[`@realtime-sync/client ${version}`, `${PACKAGE}/LICENSE`]];
  for (const name of ["fflate", "fzstd"]) {
    const library = JSON.parse(readFileSync(`${LIBRARIES}/${name}/package.json`, "utf8"));
    parts.push([`${name} ${library.version}, inside this file`, `${LIBRARIES}/${name}/LICENSE`]);
  }
  return parts.map(([title, file]) => `${title}\n\n${readFileSync(file, "utf8").trim()}`).join("\n\n---\n\n");
}

const isProgram = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isProgram) writeFileSync(BUNDLE, await bundle());
