/** Two growing quantities over time on a logarithmic scale, as one small SVG. */

import { setAttribute, svgElement } from "./dom.js";
import { bytes, duration } from "./format.js";

const MOST_SAMPLES = 240;
const FIRST_INTERVAL_MS = 250;
const NAMES = { sent: "sent", whole: "whole snapshots" };
const MARGIN = { top: 18, right: 4, bottom: 18, left: 46 };

/** The samples of a chart: at most 240, ever further apart as time goes on, so that a long run still fits. */
export class Samples {
  #intervalMs = FIRST_INTERVAL_MS;
  list = [];

  /** Take a sample, or let it replace the last one when that one is still young. */
  add(sample) {
    const previous = this.list.at(-2);
    if (previous && sample.at - previous.at < this.#intervalMs) this.list.pop();
    this.list.push(sample);
    if (this.list.length <= MOST_SAMPLES) return;
    this.list = this.list.filter((_, index) => index % 2 === 0);
    this.#intervalMs *= 2;
  }

  clear() {
    this.list = [];
    this.#intervalMs = FIRST_INTERVAL_MS;
  }
}

/**
 * Draw the samples.
 *
 * @param {SVGSVGElement} svg
 * @param {{width: number, height: number}} size of `svg`, in pixels
 * @param {{at: number, sent: number, whole: number}[]} samples times in milliseconds
 * @param {{from: number, to: number}[]} away when this page was cut off
 */
export function drawChart(svg, { width, height }, samples, away) {
  if (!width || samples.length < 2) return;
  setAttribute(svg, "viewBox", `0 0 ${width} ${height}`);
  setAttribute(svg, "aria-label", describe(samples, away));
  const scale = makeScale(samples, width, height);
  svg.replaceChildren(
    ...gridLines(scale, width),
    ...timeTicks(scale, samples, width, height),
    ...away.map((span) => awaySpan(scale, span, height)),
    svgElement("path", { class: "saved", d: areaBetween(scale, samples) }),
    svgElement("path", { class: "whole", d: line(scale, samples, "whole") }),
    svgElement("path", { class: "sent", d: line(scale, samples, "sent") }),
    ...names(scale, samples.at(-1), width, height),
  );
}

function describe(samples, away) {
  const first = samples[0];
  const last = samples.at(-1);
  const cuts = away.length ? ` This page was cut off ${away.length === 1 ? "once" : `${away.length} times`}.` : "";
  return (
    `Line chart over ${duration(last.at - first.at)}, logarithmic: bytes sent grew to ${bytes(last.sent)}, ` +
    `whole snapshots would have taken ${bytes(last.whole)}.${cuts}`
  );
}

function makeScale(samples, width, height) {
  const start = samples[0].at;
  const span = Math.max(1000, samples.at(-1).at - start);
  const firstSent = samples.find(({ sent }) => sent > 0)?.sent ?? 0;
  const lowest = Math.floor(Math.log10(Math.max(100, firstSent)));
  const highest = Math.max(lowest + 2, Math.ceil(Math.log10(Math.max(10, samples.at(-1).whole))));
  const plotHeight = height - MARGIN.top - MARGIN.bottom;
  return {
    lowest,
    highest,
    x: (at) => MARGIN.left + (Math.max(0, at - start) / span) * (width - MARGIN.left - MARGIN.right),
    y: (value) => {
      const power = Math.log10(Math.max(value, 10 ** lowest));
      return MARGIN.top + (1 - (power - lowest) / (highest - lowest)) * plotHeight;
    },
  };
}

function gridLines({ lowest, highest, y }, width) {
  const step = highest - lowest > 4 ? 2 : 1;
  const lines = [];
  for (let power = lowest; power <= highest; power += step) {
    const at = y(10 ** power);
    lines.push(
      svgElement("line", { class: "grid", x1: MARGIN.left, x2: width, y1: at, y2: at }),
      svgElement("text", { class: "tick", x: MARGIN.left - 6, y: at + 3, "text-anchor": "end" }, bytes(10 ** power)),
    );
  }
  return lines;
}

function timeTicks({ x }, samples, width, height) {
  const begin = samples[0].at;
  const end = Math.max(begin + 1000, samples.at(-1).at);
  return [
    svgElement("text", { class: "tick", x: x(begin), y: height - 4 }, "0 s"),
    svgElement("text", { class: "tick", x: width, y: height - 4, "text-anchor": "end" }, duration(end - begin)),
  ];
}

function awaySpan({ x }, { from, to }, height) {
  const left = x(from);
  return svgElement("rect", {
    class: "away",
    x: left,
    y: MARGIN.top,
    width: Math.max(1, x(to) - left),
    height: height - MARGIN.top - MARGIN.bottom,
  });
}

function points({ x, y }, samples, key) {
  return samples.map((sample) => `${x(sample.at).toFixed(1)},${y(sample[key]).toFixed(1)}`);
}

function line(scale, samples, key) {
  return `M${points(scale, samples, key).join("L")}`;
}

function areaBetween(scale, samples) {
  const upper = points(scale, samples, "whole");
  const lower = points(scale, samples, "sent").reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}

/** Each line's name stands on the side away from the other line. */
function names({ y }, last, width, height) {
  const at = { x: width - 6, "text-anchor": "end", class: "name" };
  const [above, below] = last.whole > last.sent ? ["whole", "sent"] : ["sent", "whole"];
  const lowest = height - MARGIN.bottom - 4;
  return [
    svgElement("text", { ...at, y: y(last[above]) - 6 }, NAMES[above]),
    svgElement("text", { ...at, y: Math.min(lowest, y(last[below]) + 14) }, NAMES[below]),
  ];
}
