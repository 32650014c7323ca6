/** Programs in Python, run from JavaScript. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The interpreter that has the library: `PYTHON`, or the project's own environment. */
export function interpreter() {
  const own = [".venv/bin/python", ".venv/Scripts/python.exe"].map((path) => join(ROOT, path)).find(existsSync);
  return process.env.PYTHON ?? own ?? "python3";
}

/**
 * Run a module of this repository and return what it printed.
 *
 * @param {string[]} words Its name, and its arguments.
 * @param {string} [input] What it reads.
 */
export async function runPython(words, input = "") {
  const running = promisify(execFile)(interpreter(), ["-m", ...words], { cwd: ROOT, maxBuffer: 2 ** 30 });
  running.child.stdin.end(input);
  return (await running).stdout;
}
