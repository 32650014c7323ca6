/** The real example server over a small folder of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const START_WITHIN_MS = 20_000;

/**
 * A folder that makes a run show all that the page can show: text long enough to be watched while it is written, a
 * file that cannot be parsed, and a folder (`shelf`) of eight entries.
 */
export const FILES = {
  "README.md": `# A shelf of modules\n\n${"Some words about it. ".repeat(40)}\n\n## Use\n\nRead it.\n`,
  "broken.py": "def unfinished(:\n",
  "long.py": longModule(140),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`shelf/module_${index}.py`, longModule(12)])),
};

/** More entries than `ASK_ABOVE` are in `shelf` alone: a run asks one question. */
export const ASK_ABOVE = 6;

function longModule(functions) {
  const parts = Array.from(
    { length: functions },
    (_, index) => `def function_${index}(value):\n    """Return what number ${index} makes of the value."""\n    return value\n`,
  );
  return `"""A module."""\n\n${parts.join("\n\n")}`;
}

/** The interpreter that has the library: `PYTHON`, or the project's own environment. */
function python() {
  const own = [".venv/bin/python", ".venv/Scripts/python.exe"].map((path) => join(ROOT, path)).find(existsSync);
  return process.env.PYTHON ?? own ?? "python3";
}

/**
 * Write `files` into a new folder and start the server over it.
 *
 * @param {{files?: Record<string, string>, paceMs?: number, askAbove?: number, folder?: string, port?: number}} [options]
 *   `folder`: an existing folder instead of new files; `port`: 0 is any free one
 * @returns {Promise<{url: string, document: () => Promise<any>, stop: () => Promise<void>}>}
 */
export async function startServer({ files = FILES, paceMs = 15, askAbove = ASK_ABOVE, folder, port = 0 } = {}) {
  const made = folder ? null : await makeFolder(files);
  const options = ["--port", port, "--pace-ms", paceMs, "--ask-above", askAbove].map(String);
  const cleanUp = async () => made && rm(dirname(made), { recursive: true, force: true });
  return startModule(["examples.agent_server", folder ?? made, ...options], cleanUp);
}

/** Start a module of this repository that prints its address, and stop it afterwards. */
export async function startModule(words, cleanUp = async () => {}) {
  const child = spawn(python(), ["-m", ...words], { cwd: ROOT });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
    await cleanUp();
  };
  try {
    const url = await addressOf(child);
    return { url, stop, document: async () => (await fetch(`${url}document.json`)).json() };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeFolder(files) {
  const folder = join(await mkdtemp(join(tmpdir(), "agent-page-")), "library");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Wait for the line in which the server prints its address. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let printed = "";
    const give = (reason) => reject(new Error(`the server ${reason}; it printed:\n${printed}`));
    const timer = setTimeout(() => give("did not start in time"), START_WITHIN_MS);
    const listen = (chunk) => {
      printed += chunk;
      const address = printed.match(/ at (http:\S+)/);
      if (!address) return;
      clearTimeout(timer);
      resolve(address[1]);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", (error) => give(`could not be started (${error.message})`));
    child.once("exit", (code) => {
      clearTimeout(timer);
      give(`ended with status ${code}`);
    });
  });
}
