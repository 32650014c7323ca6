/**
 * The task graph as a tree grid (WAI-ARIA Authoring Practices, "Treegrid": rows take the focus).
 *
 * Every visible task has a row in the page, so that the browser's own search finds it. A frame touches only the rows
 * whose node object changed; rows out of sight are skipped by the browser (`content-visibility`).
 */

import { element, icon, setAttribute, setIcon, setText } from "./dom.js";
import { duration, instant } from "./format.js";
import { afterDrawing } from "./frame.js";
import { ancestors, orderRows } from "./graph.js";
import { isFinished, statusIcon, statusLabel } from "./status.js";
import { nodeTitle } from "./node.js";

export class Tree {
  #body;
  #onOpen;
  #nodes = {};
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  #folded = new Set();
  #currentId = null;
  #openedId = null;
  #revealId = null;
  #typed = { text: "", at: 0 };

  /**
   * @param {any} body the row group
   * @param {(id: string) => void} onOpen a person opened this task
   */
  constructor(body, onOpen) {
    this.#body = body;
    this.#onOpen = onOpen;
    body.addEventListener("click", (event) => this.#clicked(event));
    body.addEventListener("keydown", (event) => this.#pressed(event));
    body.addEventListener("focusin", (event) => this.#makeCurrent(rowAround(event)?.dataset.id));
  }

  /**
   * Bring the rows to the state of `nodes`.
   *
   * @param {Record<string, any>} nodes `document.all_nodes`
   * @param {{changed: string[], reshaped: boolean}} difference from what was rendered last
   */
  render(nodes, { changed, reshaped }) {
    this.#nodes = nodes;
    for (const id of changed) this.#fill(this.#rowOf(id), nodes[id]);
    if (reshaped) this.#reshape();
  }

  /** Mark the opened task. */
  setOpened(id) {
    const before = this.#rows.get(this.#openedId);
    if (before) setAttribute(before, "aria-selected", "false");
    this.#openedId = id;
    const row = this.#rows.get(id);
    if (row) setAttribute(row, "aria-selected", "true");
  }

  /** Scroll the rows, and nothing else, until this task is in sight. */
  reveal(id) {
    const unfolded = ancestors(this.#nodes, id).filter((above) => this.#folded.delete(above));
    if (unfolded.length) this.#reshape();
    this.#revealId = id;
    afterDrawing(this.#scrollToRevealed);
  }

  #scrollToRevealed = () => {
    const row = this.#rows.get(this.#revealId);
    if (!row?.isConnected) return;
    const covered = parseFloat(getComputedStyle(this.#body).scrollPaddingBottom);
    const top = row.offsetTop - row.offsetHeight;
    const bottom = row.offsetTop + row.offsetHeight + covered;
    if (top < this.#body.scrollTop) this.#body.scrollTop = top;
    else if (bottom > this.#body.scrollTop + this.#body.clientHeight) {
      this.#body.scrollTop = bottom - this.#body.clientHeight;
    }
  };

  /** Put the focus on a task's row, or on the first row. */
  focus(id = this.#currentId) {
    const row = this.#rows.get(id);
    const target = row?.isConnected ? row : this.#body.firstElementChild;
    if (!target) return;
    target.focus({ preventScroll: true });
    this.reveal(target.dataset.id);
  }

  foldAll() {
    for (const id in this.#nodes) {
      if (this.#nodes[id].parent_node_id !== null) this.#folded.add(id);
    }
    this.#reshape();
  }

  unfoldAll() {
    this.#folded.clear();
    this.#reshape();
  }

  // Rows

  #rowOf(id) {
    const known = this.#rows.get(id);
    if (known) return known;
    const row = element(
      "div",
      { role: "row", class: "row", tabindex: "-1", "aria-selected": String(id === this.#openedId) },
      element(
        "div",
        { role: "gridcell", class: "cell-name" },
        element("span", { class: "twisty", "aria-hidden": "true" }, icon("chevron")),
        icon("pending"),
        element("span", { class: "cell-title truncate" }),
      ),
      element("div", { role: "gridcell", class: "cell-status" }),
      element("div", { role: "gridcell", class: "cell-time" }),
    );
    row.dataset.id = id;
    this.#rows.set(id, row);
    return row;
  }

  #fill(row, node) {
    const [name, status, time] = row.children;
    row.dataset.status = node.status;
    row.dataset.type = node.node_type;
    row.style.setProperty("--progress", String(node.progress_percentage / 100));
    setIcon(name.children[1].firstChild, statusIcon(node.status));
    setText(name.children[2], nodeTitle(node));
    setText(status, statusText(node));
    setText(time, timeText(node));
  }

  /** @returns {HTMLElement[]} the rows as they stand in the page */
  get #shownRows() {
    return [...this.#body.children];
  }

  #reshape() {
    const wanted = orderRows(this.#nodes, this.#folded);
    const hadFocus = this.#body.contains(document.activeElement);
    this.#removeAllBut(new Set(wanted.map((row) => row.id)));
    let next = this.#body.firstElementChild;
    for (const { id, level, position, siblings, children } of wanted) {
      const row = this.#rowOf(id);
      row.style.setProperty("--level", String(level));
      setAttribute(row, "aria-level", level);
      setAttribute(row, "aria-posinset", position);
      setAttribute(row, "aria-setsize", siblings);
      setAttribute(row, "aria-expanded", children ? !this.#folded.has(id) : null);
      if (row === next) next = row.nextElementSibling;
      else this.#body.insertBefore(row, next);
    }
    this.#keepOneTabStop(hadFocus);
  }

  #removeAllBut(wanted) {
    for (const row of this.#shownRows) {
      if (!wanted.has(row.dataset.id)) row.remove();
    }
    for (const id of this.#rows.keys()) {
      if (!Object.hasOwn(this.#nodes, id)) this.#rows.delete(id);
    }
  }

  /** The current row may have gone: the nearest ancestor in sight, or the first row, takes its place. */
  #keepOneTabStop(hadFocus) {
    const candidates = [this.#currentId, ...ancestors(this.#nodes, this.#currentId).reverse()];
    const row = candidates.map((id) => this.#rows.get(id)).find((found) => found?.isConnected);
    this.#makeCurrent((row ?? this.#body.firstElementChild)?.dataset.id);
    if (hadFocus && !this.#body.contains(document.activeElement)) this.focus();
  }

  #makeCurrent(id) {
    if (id === undefined) return;
    this.#rows.get(this.#currentId)?.setAttribute("tabindex", "-1");
    this.#currentId = id;
    this.#rows.get(id).setAttribute("tabindex", "0");
  }

  // What a person does

  #clicked(event) {
    const row = rowAround(event);
    if (!row) return;
    row.focus({ preventScroll: true });
    if (event.target.closest(".twisty") && row.hasAttribute("aria-expanded")) this.#toggle(row);
    else this.#onOpen(row.dataset.id);
  }

  #pressed(event) {
    const row = rowAround(event);
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key.length > 1) this.#typed.text = ""; // any other key ends what was typed
    if (this.#act(event.key, row)) event.preventDefault();
  }

  #act(key, row) {
    const expanded = row.getAttribute("aria-expanded");
    switch (key) {
      case "ArrowDown":
        return this.#go(row.nextElementSibling);
      case "ArrowUp":
        return this.#go(row.previousElementSibling);
      case "Home":
        return this.#go(this.#body.firstElementChild);
      case "End":
        return this.#go(this.#body.lastElementChild);
      case "PageDown":
        return this.#go(this.#rowAtDistance(row, this.#rowsInSight()));
      case "PageUp":
        return this.#go(this.#rowAtDistance(row, -this.#rowsInSight()));
      case "ArrowRight":
        if (expanded === "true") return this.#go(row.nextElementSibling);
        if (expanded === "false") this.#toggle(row);
        return true;
      case "ArrowLeft":
        if (expanded === "true") this.#toggle(row);
        else this.#go(this.#rows.get(this.#nodes[row.dataset.id].parent_node_id));
        return true;
      case "Enter":
      case " ":
        this.#onOpen(row.dataset.id);
        return true;
      default:
        return key.length === 1 && this.#typeAhead(key, row);
    }
  }

  #go(row) {
    if (row) this.focus(row.dataset.id);
    return true;
  }

  #rowsInSight() {
    const height = this.#body.firstElementChild?.offsetHeight ?? 1;
    return Math.max(1, Math.floor(this.#body.clientHeight / height) - 1);
  }

  #rowAtDistance(row, distance) {
    const rows = this.#shownRows;
    const index = rows.indexOf(row) + distance;
    return rows[Math.min(rows.length - 1, Math.max(0, index))];
  }

  #toggle(row) {
    const { id } = row.dataset;
    if (!this.#folded.delete(id)) this.#folded.add(id);
    this.#reshape();
  }

  /** Letters typed within half a second are the beginning of a title; the search starts below this row. */
  #typeAhead(key, row) {
    const now = performance.now();
    this.#typed.text = now - this.#typed.at < 500 ? this.#typed.text + key : key;
    this.#typed.at = now;
    const rows = this.#shownRows;
    const from = rows.indexOf(row) + (this.#typed.text.length > 1 ? 0 : 1);
    const start = this.#typed.text.toLowerCase();
    this.#go(
      [...rows.slice(from), ...rows.slice(0, from)].find((candidate) =>
        nodeTitle(this.#nodes[candidate.dataset.id]).toLowerCase().startsWith(start),
      ),
    );
    return true;
  }
}

/** @returns {HTMLElement | null} the row in which an event happened */
function rowAround({ target }) {
  return target.closest(".row");
}

function statusText(node) {
  const label = statusLabel(node.status);
  const percent = Math.round(node.progress_percentage);
  return node.status === "RUNNING" && percent > 0 ? `${label} ${percent}\u00a0%` : label;
}

function timeText(node) {
  const begun = instant(node.timestamp_created);
  const ended = instant(node.timestamp_completed);
  return isFinished(node.status) && begun !== null && ended !== null ? duration(ended - begun) : "";
}
