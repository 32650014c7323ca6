/** The opened task: its fields, its tool calls, and its text while it is written. */

import { byId, element, setIcon, setText } from "./dom.js";
import { clock, count, duration, inline, instant, plural, words } from "./format.js";
import { oncePerFrame } from "./frame.js";
import { isFinished, statusIcon, statusLabel } from "./status.js";
import { StreamedText } from "./streamed_text.js";
import { nodeTitle } from "./node.js";

const NONE = "–";

/** Field of the page -> its text. Every field always has its place: nothing moves when it gets a value. */
const FIELDS = {
  "detail-kind": (node) => node.node_type,
  "detail-agent": (node) => node.agent_name,
  "detail-layer": (node) => String(node.layer),
  "detail-model": (node) => modelText(node.model_info),
  "detail-created": (node) => clock(node.timestamp_created),
  "detail-took": (node) => tookText(node),
  "detail-subtasks": (node) => count(node.planned_sub_task_ids?.length ?? 0),
  "detail-sources": (node) => count(node.input_context_sources?.length ?? 0),
  "detail-path": (node) => node.path,
  "detail-input": (node) => node.input_payload_summary,
  "detail-output": (node) => node.output_summary,
};

export class Detail {
  #channel;
  #onOpen;
  #id = null;
  #unselect = () => {};
  #shownCalls = null;
  #text = new StreamedText(byId("result"), byId("result-end"));
  #parent = byId("detail-parent");
  #drawSoon = oncePerFrame(() => this.#draw());

  /**
   * @param {any} channel the channel of the project
   * @param {(id: string) => void} onOpen a person asked for another task
   */
  constructor(channel, onOpen) {
    this.#channel = channel;
    this.#onOpen = onOpen;
    this.#parent.addEventListener("click", () => this.#onOpen(this.#parent.dataset.id));
  }

  get id() {
    return this.#id;
  }

  /** Show this task from now on. */
  open(id) {
    if (id === this.#id) return;
    this.#unselect();
    this.#id = id;
    this.#shownCalls = null;
    const node = this.#node(id);
    this.#text.restart(!isFinished(node?.status));
    this.#draw();
    this.#unselect = this.#channel.select(`/all_nodes/${escapeToken(id)}`, this.#drawSoon);
  }

  #node(id) {
    const nodes = this.#channel.getSnapshot()?.all_nodes ?? {};
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  }

  #draw() {
    const node = this.#node(this.#id);
    byId("detail-empty").hidden = node !== undefined;
    byId("detail-status").hidden = node === undefined;
    if (node === undefined) return this.#clear();
    setText(byId("detail-title"), nodeTitle(node));
    this.#drawStatus(node);
    this.#drawFields(node);
    this.#text.show(node.full_result ?? "", { writing: node.status === "RUNNING" });
    setText(byId("result-size"), node.full_result ? plural(node.full_result.length, "character") : "");
    this.#drawCalls(node.execution_details?.tool_calls ?? []);
  }

  /** The task has gone: a new run began. */
  #clear() {
    setText(byId("detail-title"), "No task opened");
    setText(byId("detail-goal"), "");
    byId("detail-error").hidden = true;
    for (const id of Object.keys(FIELDS)) setText(byId(id), NONE);
    this.#parent.hidden = true;
    this.#text.restart(true);
    this.#text.show("", { writing: false });
    setText(byId("result-size"), "");
    this.#drawCalls([]);
  }

  #drawStatus(node) {
    byId("detail-status").dataset.status = node.status;
    setIcon(byId("detail-icon"), statusIcon(node.status));
    setText(byId("detail-label"), statusLabel(node.status));
    setText(byId("detail-stage"), node.current_stage && !isFinished(node.status) ? `· ${node.current_stage}` : "");
    byId("detail-progress").value = node.progress_percentage;
    setText(byId("detail-percent"), `${Math.round(node.progress_percentage)}\u00a0%`);
  }

  #drawFields(node) {
    for (const [id, read] of Object.entries(FIELDS)) setText(byId(id), read(node) || NONE);
    const parent = this.#node(node.parent_node_id);
    this.#parent.hidden = parent === undefined;
    if (parent) {
      this.#parent.dataset.id = node.parent_node_id;
      setText(this.#parent, nodeTitle(parent));
    }
    const error = byId("detail-error");
    error.hidden = !node.error;
    setText(error, node.error ?? "");
    byId("detail-goal").hidden = Boolean(node.error);
    setText(byId("detail-goal"), node.goal ?? "");
  }

  #drawCalls(calls) {
    if (calls === this.#shownCalls) return;
    this.#shownCalls = calls;
    byId("calls").replaceChildren(
      ...(calls.length ? calls.map(callElement) : [element("p", { class: "muted" }, "None yet.")]),
    );
  }
}

function callElement({ name, arguments: given, metrics }) {
  return element(
    "div",
    { class: "call" },
    element(
      "p",
      { class: "call-head" },
      element("span", { class: "call-name" }, name),
      element("span", { class: "call-arguments truncate" }, inline(given ?? {}, 160)),
    ),
    element(
      "p",
      { class: "call-metrics" },
      ...Object.entries(metrics ?? {}).map(([key, value]) =>
        element("span", {}, `${words(key)} `, element("b", {}, inline(value, 40))),
      ),
    ),
  );
}

function modelText(model) {
  return model ? Object.values(model).map((part) => inline(part, 40)).join(" · ") : "";
}

function tookText(node) {
  const begun = instant(node.timestamp_created);
  const ended = instant(node.timestamp_completed);
  return begun !== null && ended !== null ? duration(ended - begun) : "";
}

/** RFC 6901: `~` and `/` inside a key. */
function escapeToken(key) {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
