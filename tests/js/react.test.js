import assert from "node:assert/strict";
import { register } from "node:module";
import { afterEach, beforeEach, test } from "node:test";

import { Window } from "happy-dom";

import { FakeClock, FakeSocket, delta, keyframe, replace } from "./fakes.js";

register("./resolve_here.js", import.meta.url);
const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
globalThis.navigator ??= window.navigator; // newer versions of Node have their own

const { StrictMode, act, createElement: h, useEffect, useState } = await import("react");
const { createRoot, hydrateRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");
const { connect } = await import("@realtime-sync/client");
const { useChannel, useStatus } = await import("@realtime-sync/client/react");

let socket;
let channel;
let hub;
let container;
let root;
let complaints;
const consoleError = console.error;

beforeEach(() => {
  complaints = [];
  console.error = (...args) => complaints.push(args.join(" "));
  socket = new FakeSocket();
  hub = connect(socket, { clock: new FakeClock() });
  socket.connect();
  channel = hub.channel("a");
  container = window.document.createElement("div");
  root = createRoot(container);
});

afterEach(async () => {
  await act(() => root.unmount());
  console.error = consoleError;
  assert.deepEqual(complaints, [], "React complained");
});

const render = (element) => act(() => root.render(element));
const load = (document = { n: 7, tasks: { a: { title: "A" }, b: { title: "B" } } }) =>
  act(() => socket.answer("keyframe", keyframe(7, document)));
const patch = (base, operations) => act(() => socket.batchUpdate("a", delta(base, base + 1, operations)));

test("a component shows the snapshot, undefined before the first", async () => {
  const Shown = () => `${JSON.stringify(useChannel(channel))} ${useStatus(channel)}`;
  await render(h(Shown));
  assert.equal(container.textContent, "undefined empty");
  await load({ n: 7 });
  assert.equal(container.textContent, '{"n":7} live');
  await act(() => socket.disconnect());
  assert.equal(container.textContent, '{"n":7} offline');
});

test("a component renders again only when what it selects changed", async () => {
  let renders = 0;
  const Task = ({ id }) => {
    renders++;
    return useChannel(channel, (document) => document.tasks[id])?.title;
  };
  await load();
  await render(h(Task, { id: "a" }));
  assert.deepEqual([container.textContent, renders], ["A", 1]);
  await patch(7, replace("/tasks/b/title", "B2"));
  await patch(8, replace("/n", 8));
  assert.equal(renders, 1);
  await patch(9, replace("/tasks/a/title", "A2"));
  assert.deepEqual([container.textContent, renders], ["A2", 2]);
  await render(h(Task, { id: "b" }));
  assert.equal(container.textContent, "B2");
});

test("a selector that builds a new value needs isEqual, and then renders as little", async () => {
  let renders = 0;
  const sameItems = (a, b) => a.length === b.length && a.every((item, index) => item === b[index]);
  const Titles = () => {
    renders++;
    return useChannel(channel, ({ tasks }) => Object.values(tasks).map(({ title }) => title), sameItems)?.join();
  };
  await load();
  await render(h(Titles));
  await patch(7, replace("/n", 8));
  assert.deepEqual([container.textContent, renders], ["A,B", 1]);
  await patch(8, replace("/tasks/b/title", "B2"));
  assert.deepEqual([container.textContent, renders], ["A,B2", 2]);
});

test("a value that is equal stays the same object for effects", async () => {
  const effects = [];
  const byJson = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  let renderAgain;
  const Picked = () => {
    renderAgain = useState(0)[1];
    const picked = useChannel(channel, ({ n }) => ({ n }), byJson);
    useEffect(() => void effects.push(picked?.n), [picked]);
    return null;
  };
  await load();
  await render(h(Picked));
  await act(() => renderAgain(1)); // the selector is a new function now
  await patch(7, replace("/tasks/b/title", "B2"));
  assert.deepEqual(effects, [7]);
  await patch(8, replace("/n", 8));
  assert.deepEqual(effects, [7, 8]);
});

test("without a channel there is nothing, and then there is", async () => {
  const Shown = ({ source }) => `${useChannel(source, ({ n }) => n)} ${useStatus(source)}`;
  await render(h(Shown, { source: null }));
  assert.equal(container.textContent, "undefined empty");
  await load();
  await render(h(Shown, { source: channel }));
  assert.equal(container.textContent, "7 live");
});

test("a component that opens and closes its channel works in strict mode", async () => {
  const Project = ({ name }) => {
    const [source, setSource] = useState(null);
    useEffect(() => {
      const opened = hub.channel(name);
      setSource(opened);
      return () => opened.close();
    }, [name]);
    return `${useChannel(source, ({ n }) => n)} ${useStatus(source)}`;
  };
  socket.take();
  await render(h(StrictMode, null, h(Project, { name: "b" })));
  await act(() => socket.answer("keyframe", keyframe(1, { n: 1 })));
  assert.equal(container.textContent, "1 live");
  assert.deepEqual(
    socket.take().map(([event]) => event),
    ["sync:subscribe", "sync:unsubscribe", "sync:subscribe"],
  );
  await render(h(StrictMode, null, h(Project, { name: "c" })));
  await act(() => socket.answer("keyframe", keyframe(1, { n: 2 })));
  assert.equal(container.textContent, "2 live");
});

test("an unmounted component leaves the channel alone", async () => {
  let renders = 0;
  const Shown = () => {
    renders++;
    return useChannel(channel, ({ n }) => n);
  };
  await load();
  await render(h(Shown));
  await render(null);
  await patch(7, replace("/n", 8));
  assert.equal(renders, 1);
});

test("a page rendered on a server shows nothing yet, and hydrates without a mismatch", async () => {
  const Shown = () => h("p", null, `${useChannel(channel, ({ n }) => n)} ${useStatus(channel)}`);
  await load();
  const html = renderToString(h(Shown));
  assert.equal(html, "<p>undefined empty</p>");
  const page = window.document.createElement("div");
  page.innerHTML = html;
  const hydrated = await act(() => hydrateRoot(page, h(Shown)));
  assert.equal(page.textContent, "7 live");
  await act(() => hydrated.unmount());
});
