/** How many tasks there are of each status: shape, word and number. */

import { byId, setAttribute, setText } from "./dom.js";
import { count, plural } from "./format.js";

/** @param {Record<string, number>} counts of `countStatuses` */
export function renderLegend(counts) {
  setText(byId("graph-count"), plural(counts.total, "task"));
  for (const item of byId("legend").children) {
    const number = counts[item.dataset.status];
    setText(item.querySelector(".number"), count(number));
    setAttribute(item, "data-empty", number ? null : "");
  }
}
