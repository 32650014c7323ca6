/** What the synchronisation costs, against sending the whole document at every update. */

import { byId, setText } from "./dom.js";
import { bytes, count, duration, plural, times } from "./format.js";
import { Samples, drawChart } from "./chart.js";

export class Traffic {
  #samples = new Samples();
  #away = [];
  #shownUpdates = 0;
  #chartSize = { width: 0, height: 0 };

  /**
   * Show the figures.
   *
   * @param {any} metrics the document of the metrics channel, or undefined
   * @param {any} stats `hub.stats`: what this page itself received
   * @param {{epoch: string, offset: number} | null} position of the project's channel
   */
  render(metrics, stats, position) {
    setText(byId("stat-offset"), position ? count(position.offset) : "–");
    setText(byId("stat-frames"), count(stats.frames));
    setText(byId("stat-keyframes"), count(stats.keyframes));
    setText(byId("stat-resyncs"), count(stats.resyncs));
    setText(byId("stat-gaps"), count(stats.gaps));
    if (metrics) this.#renderMetrics(metrics);
  }

  /** Show the round trip of a request, or that there is none. */
  showLatency(milliseconds) {
    setText(byId("stat-latency"), milliseconds === null ? "–" : duration(Math.max(1, milliseconds)));
  }

  /** From now on this page is cut off, or is no longer. */
  setAway(isAway) {
    const last = this.#away.at(-1);
    const wasAway = last?.to === Infinity;
    if (isAway && !wasAway) this.#away.push({ from: performance.now(), to: Infinity });
    else if (!isAway && wasAway) last.to = performance.now();
  }

  #renderMetrics({ updates, bytes_sent: sent, bytes_if_whole: whole, subscribers }) {
    if (updates < this.#shownUpdates) this.#startAgain();
    this.#shownUpdates = updates;
    setText(byId("ratio"), sent > 0 && whole > sent ? times(whole / sent) : "–"); // the first snapshot saves nothing yet
    setText(byId("bytes-sent"), bytes(sent));
    setText(byId("bytes-whole"), bytes(whole));
    setText(byId("traffic-subscribers"), plural(subscribers, "subscriber"));
    const most = Math.max(sent, whole, 1);
    byId("bar-sent").style.transform = `scaleX(${sent / most})`;
    byId("bar-whole").style.transform = `scaleX(${whole / most})`;
    this.#samples.add({ at: performance.now(), sent, whole });
    this.#draw();
  }

  /** A new run: the counters began at 0 again. */
  #startAgain() {
    this.#samples.clear();
    this.#away = this.#away.filter((span) => span.to === Infinity);
  }

  /** Take the size that the layout gives to the chart. */
  resize() {
    this.#chartSize = byId("chart").getBoundingClientRect();
    this.#draw();
  }

  #draw() {
    const { list } = this.#samples;
    if (list.length < 2) return;
    const [begin, end] = [list[0].at, list.at(-1).at];
    const spans = this.#away
      .map(({ from, to }) => ({ from: Math.max(from, begin), to: Math.min(to, end) }))
      .filter(({ from, to }) => to > from);
    drawChart(byId("chart"), this.#chartSize, list, spans);
  }
}
