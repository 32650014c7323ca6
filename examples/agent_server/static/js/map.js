/** Every task as one cell, in the order of the tree: the shape of the whole run at a glance. */

import { setAttribute } from "./dom.js";
import { plural } from "./format.js";
import { STATUSES, statusLabel } from "./status.js";

const SIZES_PX = [18, 14, 11, 9, 7, 5, 4, 3];

export class StatusMap {
  #canvas;
  #colours = {};
  #ids = [];
  #nodes = {};
  #places = new Map();
  #columns = 1;
  #size = SIZES_PX[0];
  #box = { width: 0, height: 0 };
  #context;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(id: string) => void} onOpen a person clicked a cell; the tree is the way for the keyboard
   */
  constructor(canvas, onOpen) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    canvas.addEventListener("click", (event) => {
      const id = this.#idAt(event.offsetX, event.offsetY);
      if (id !== undefined) onOpen(id);
    });
    canvas.addEventListener("mousemove", (event) => {
      canvas.style.cursor = this.#idAt(event.offsetX, event.offsetY) === undefined ? "" : "pointer";
    });
    this.readColours();
  }

  /** Take the colours of the theme: a canvas does not know style sheets. */
  readColours() {
    const probe = document.createElement("span");
    this.#canvas.after(probe);
    for (const name of [...STATUSES.map((status) => status.toLowerCase()), "surface"]) {
      probe.style.color = `var(--${name})`;
      this.#colours[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    this.draw();
  }

  /**
   * @param {Record<string, any>} nodes `document.all_nodes`
   * @param {string[]} ids in the order of the tree; another array when the order changed
   * @param {string[]} changed ids of the nodes that differ from those rendered last
   * @param {Record<string, number>} counts of `countStatuses`
   */
  render(nodes, ids, changed, counts) {
    this.#nodes = nodes;
    setAttribute(this.#canvas, "aria-label", describe(counts));
    if (ids === this.#ids) {
      for (const id of changed) this.#drawCell(this.#places.get(id));
      return;
    }
    this.#ids = ids;
    this.#places = new Map(ids.map((id, index) => [id, index]));
    this.draw();
  }

  /** Take the size that the layout gives to the canvas. */
  resize() {
    const density = window.devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#box = { width, height };
    this.#canvas.width = Math.round(width * density);
    this.#canvas.height = Math.round(height * density);
    this.#context.scale(density, density);
    this.draw();
  }

  /** Draw all cells. */
  draw() {
    const { width, height } = this.#box;
    this.#context.clearRect(0, 0, width, height);
    this.#size = fittingSize(this.#ids.length, width, height);
    this.#columns = Math.max(1, Math.floor(width / this.#size));
    this.#ids.forEach((_, index) => this.#drawCell(index));
  }

  /** Colour and shape: waiting for its turn is hollow, failed is crossed, skipped is a bar. */
  #drawCell(index) {
    const { status } = this.#nodes[this.#ids[index]];
    const context = this.#context;
    const size = this.#size;
    const edge = size - Math.max(1, Math.round(size / 5));
    const x = (index % this.#columns) * size;
    const y = Math.floor(index / this.#columns) * size;
    context.clearRect(x, y, size, size);
    const colour = this.#colours[String(status).toLowerCase()] ?? this.#colours.pending;
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 1;
    if (status === "PENDING" && edge > 3) context.strokeRect(x + 0.5, y + 0.5, edge - 1, edge - 1);
    else if (status === "SKIPPED" && edge > 3) context.fillRect(x, y + edge / 2 - 1, edge, 2);
    else context.fillRect(x, y, edge, edge);
    if (status === "FAILED" && edge > 4) cross(context, x, y, edge, this.#colours.surface);
  }

  #idAt(x, y) {
    const column = Math.floor(x / this.#size);
    return column < this.#columns ? this.#ids[Math.floor(y / this.#size) * this.#columns + column] : undefined;
  }
}

function cross(context, x, y, edge, colour) {
  const inset = edge * 0.28;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, edge / 7);
  context.beginPath();
  context.moveTo(x + inset, y + inset);
  context.lineTo(x + edge - inset, y + edge - inset);
  context.moveTo(x + edge - inset, y + inset);
  context.lineTo(x + inset, y + edge - inset);
  context.stroke();
}

function fittingSize(cells, width, height) {
  const fits = (size) => Math.floor(width / size) * Math.floor(height / size) >= cells;
  return SIZES_PX.find(fits) ?? SIZES_PX.at(-1);
}

function describe(counts) {
  const parts = STATUSES.filter((status) => counts[status]).map((status) => `${counts[status]} ${statusLabel(status)}`);
  return `${plural(counts.total, "task")}${parts.length ? `: ${parts.join(", ").toLowerCase()}` : ""}`;
}
