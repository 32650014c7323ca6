/** Which task to show while nobody has chosen one: one that is being worked on, long enough to be read a little. */

const SHOW_AT_LEAST_MS = 900;

export class Follow {
  #id = null;
  #since = 0;

  /**
   * Return the id of the task to show now, or null when there is no better one than before.
   *
   * @param {Record<string, any>} nodes `document.all_nodes`
   * @param {number} now milliseconds
   */
  choose(nodes, now) {
    const shown = this.#id === null ? undefined : nodes[this.#id];
    if (shown && (isWriting(shown) || now - this.#since < SHOW_AT_LEAST_MS)) return null;
    const next = newestWriting(nodes) ?? (shown ? null : firstNode(nodes));
    if (next === null) return null;
    this.#id = next;
    this.#since = now;
    return next;
  }
}

/** Folders run as long as anything in them; only files write for a while and end. */
function isWriting(node) {
  return node.status === "RUNNING" && node.node_type === "EXECUTE";
}

function newestWriting(nodes) {
  let best = null;
  for (const id in nodes) {
    if (!isWriting(nodes[id])) continue;
    if (best === null || nodes[id].timestamp_updated > nodes[best].timestamp_updated) best = id;
  }
  return best;
}

function firstNode(nodes) {
  return Object.keys(nodes)[0] ?? null;
}
