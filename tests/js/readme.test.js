/** The examples of the package's README, run as they stand there. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { after, before, test } from "node:test";

import { Window } from "happy-dom";
import typescript from "typescript";

import { FakeSocket, delta, keyframe } from "./fakes.js";

register("./resolve_here.js", import.meta.url);
register("./fake_io.js", import.meta.url);

const README = readFileSync(new URL("../../src/realtime_sync/js/README.md", import.meta.url), "utf8");
const FOLDER = new URL("./node_modules/.readme/", import.meta.url);
const blocks = [...README.matchAll(/^```(jsx?)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
const block = (words) => blocks.find(({ code }) => code.includes(words));

const window = new Window();
Object.assign(globalThis, { window, document: window.document });
globalThis.navigator ??= window.navigator;

before(() => mkdirSync(FOLDER, { recursive: true }));
after(() => rmSync(FOLDER, { recursive: true }));

/** Run a block; `io()` in it returns the socket of this test. */
async function run({ language, code }, name) {
  const socket = (globalThis.ioOfThisTest = new FakeSocket());
  socket.connect();
  const file = new URL(`${name}.mjs`, FOLDER);
  const { JsxEmit, ModuleKind, ScriptTarget } = typescript;
  const options = { jsx: JsxEmit.ReactJSX, module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  writeFileSync(file, language === "jsx" ? typescript.transpile(code, options) : code);
  return [socket, await import(file)];
}

test("the README has eight examples", () => assert.equal(blocks.length, 8));

test("the page shows status, document, text and events", async () => {
  document.body.innerHTML = '<p id="status"></p><p id="goal"></p><p id="text"></p><p id="log"></p>';
  const [socket] = await run(block("querySelector"), "page");
  const shown = () => ["status", "goal", "text", "log"].map((id) => document.getElementById(id).textContent);
  socket.answer(
    "keyframe",
    keyframe(1, { overall_project_goal: "Ship it", all_nodes: { n7: { full_result: "Hello" } } }),
  );
  assert.deepEqual(shown(), ["live", "Ship it", "Hello", ""]);
  const grow = [{ op: "append", path: "/all_nodes/n7/full_result", value: " world" }];
  socket.batchUpdate("project_42", delta(1, 2, grow, { events: [["task_update", { task_id: "n7", progress: 40 }]] }));
  assert.deepEqual(shown(), ["live", "Ship it", "Hello world", "n7: 40 % "]);
  socket.disconnect();
  assert.equal(shown()[0], "offline");
});

test("the page says what was lost, what was left out, and when it is live again", async () => {
  document.body.innerHTML = '<p id="notes"></p>';
  const [socket] = await run(block("sync:lost"), "losses");
  socket.answer("keyframe", keyframe(1, {}));
  socket.disconnect();
  socket.connect();
  socket.answer("keyframe", keyframe(9, {}, { serial: 3, dropped: 2 }));
  socket.disconnect();
  socket.connect();
  socket.answer("keyframe", { ...keyframe(1, {}), epoch: "B" });
  assert.deepEqual(document.getElementById("notes").textContent.trim().split(". "), [
    "2 other events were left out",
    "lossless events 1 to 3 will not come",
    "live again after reconnect: 8 frames came in one piece",
    "lossless events 4 to nobody knows will not come",
    "live again after reconnect: all frames came in one piece.",
  ]);
});

test("the React component shows its node", async () => {
  const { createElement, act } = await import("react");
  const { createRoot } = await import("react-dom/client");
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const [socket, { Task }] = await run(block("useStatus"), "react");
  const container = document.createElement("div");
  const root = createRoot(container);
  await act(() => root.render(createElement(Task, { id: "n7" })));
  assert.equal(container.innerHTML, '<p class="empty">...</p>');
  await act(() => socket.answer("keyframe", keyframe(1, { all_nodes: { n7: { goal: "Test", status: "RUNNING" } } })));
  assert.equal(container.innerHTML, '<p class="live">Test: RUNNING</p>');
  await act(() => root.unmount());
});

for (const [what, words] of [
  ["plain JSON", 'codecs: ["json"]'],
  ["every codec", "ALL_CODECS"],
  ["limits", "maxElements"],
  ["reconnecting", "new Backoff"],
  ["polling", "intervalS"],
]) {
  test(`the example of ${what} runs`, async () => {
    const [socket] = await run(block(words), what.replace(" ", "_"));
    assert.deepEqual(socket.take(), [], "a hub without a channel asks for nothing");
    assert.ok(socket.listenerCount("batch_update") === 1);
  });
}
