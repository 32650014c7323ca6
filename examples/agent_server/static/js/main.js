/** Puts the parts of the page together. Every part draws only what changed, at most once per animation frame. */

import { Connection } from "./connection.js";
import { ConnectionStrip } from "./connection_strip.js";
import { Detail } from "./detail.js";
import { EventLog } from "./events.js";
import { Follow } from "./follow.js";
import { Masthead } from "./masthead.js";
import { QuestionPanel } from "./question.js";
import { StatusMap } from "./map.js";
import { Traffic } from "./traffic.js";
import { Tree } from "./tree.js";
import { byId, setText } from "./dom.js";
import { compareNodes, orderRows } from "./graph.js";
import { countStatuses } from "./status.js";
import { nodeTitle, setRootTitle } from "./node.js";
import { oncePerFrame } from "./frame.js";
import { renderLegend } from "./legend.js";

const config = await loadConfig();
const connection = new Connection(config);
const { channel, metrics, hub, socket } = connection;
Object.assign(window, { agentView: { channel, hub, socket } }); // for the console, and for tests

const tree = new Tree(byId("tree-rows"), openByHand);
const detail = new Detail(channel, openByHand);
const map = new StatusMap(byId("map"), openByHand);
const masthead = new Masthead(socket);
const strip = new ConnectionStrip(connection);
const question = new QuestionPanel(socket, () => tree.focus());
const traffic = new Traffic();
const follow = new Follow();
new EventLog(channel, (id) => (nodes()[id] ? nodeTitle(nodes()[id]) : id));

/** Ask the server which channels to watch. */
async function loadConfig() {
  try {
    const response = await fetch("/config.json");
    if (!response.ok) throw new Error(`/config.json: ${response.status} ${response.statusText}`);
    return await response.json();
  } catch (error) {
    setText(byId("connection-label"), "No server");
    setText(byId("connection-more"), "Reload the page when it is running.");
    throw error;
  }
}

let drawnNodes = {};
let order = [];
let counts = countStatuses({});

function nodes() {
  return channel.getSnapshot()?.all_nodes ?? {};
}

function drawDocument() {
  const shown = channel.getSnapshot();
  if (shown === undefined) return;
  if (shown.all_nodes !== drawnNodes) drawNodes(shown.all_nodes);
  masthead.render(shown, counts, socket.connected);
  question.render(shown.questions);
}

function drawNodes(now) {
  const difference = compareNodes(drawnNodes, now);
  drawnNodes = now;
  counts = countStatuses(now);
  if (difference.reshaped) order = orderRows(now, new Set()).map((row) => row.id);
  tree.render(now, difference);
  map.render(now, order, difference.changed, counts);
  renderLegend(counts);
  if (isFollowing()) followRun(now);
}

function drawConnection() {
  strip.draw();
  question.setConnected(socket.connected);
  traffic.setAway(strip.stale);
  drawTraffic();
}

function drawTraffic() {
  traffic.render(metrics.getSnapshot(), hub.stats, channel.position);
}

// Opening a task, and following the run

function open(id) {
  detail.open(id);
  tree.setOpened(id);
  tree.reveal(id);
}

function openByHand(id) {
  setFollowing(false);
  open(id);
  if (matchMedia("(max-width: 759.98px)").matches) byId("detail-title").focus();
}

function followRun(now) {
  const next = follow.choose(now, performance.now());
  if (next !== null) open(next);
  else if (detail.id !== null) tree.reveal(detail.id); // rows above it may have come
}

function isFollowing() {
  return byId("follow").getAttribute("aria-pressed") === "true";
}

function setFollowing(following) {
  byId("follow").setAttribute("aria-pressed", String(following));
}

byId("follow").addEventListener("click", () => {
  setFollowing(!isFollowing());
  if (isFollowing()) followRun(nodes());
});
// Whoever moves through the graph by hand must not be moved elsewhere.
for (const movement of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  byId("tree-rows").addEventListener(movement, () => setFollowing(false), { passive: true });
}
byId("fold").addEventListener("click", () => tree.foldAll());
byId("unfold").addEventListener("click", () => tree.unfoldAll());
byId("to-tree").addEventListener("click", () => tree.focus(detail.id));

// Whoever asked for less motion chooses a task; for others the page follows the run until they do.
setFollowing(!matchMedia("(prefers-reduced-motion: reduce)").matches);

document.title = `${config.folder} · agent run`;
setText(byId("project"), config.folder);
setRootTitle(config.folder);
connection.watch(oncePerFrame(() => {
  drawConnection();
  drawDocument();
}));
metrics.subscribe(oncePerFrame(drawTraffic));
connection.measureLatency((milliseconds) => traffic.showLatency(milliseconds));
new ResizeObserver(oncePerFrame(() => {
  map.resize();
  traffic.resize();
})).observe(byId("main"));
document.documentElement.addEventListener("themechange", () => map.readColours());
drawConnection();
