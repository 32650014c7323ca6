import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a Python script in this folder prints; by `PYTHON`, or the project's own environment, which has the library. */
export async function printedByPython(script, ...args) {
  const own = [".venv/bin/python", ".venv/Scripts/python.exe"].map((path) => join(ROOT, path)).find(existsSync);
  const python = process.env.PYTHON ?? own ?? "python3";
  const env = { ...process.env, PYTHONIOENCODING: "utf-8" };
  const words = [join(ROOT, "tests/js", script), ...args.map(String)];
  return (await promisify(execFile)(python, words, { cwd: ROOT, env, maxBuffer: 2 ** 28 })).stdout;
}
