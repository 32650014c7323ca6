/** The task graph as rows: pure functions over the document. */

/**
 * Return the visible rows in reading order.
 *
 * Children stand in the order their parent planned them, others after them in the order of the document.
 *
 * @param {Record<string, any>} nodes `document.all_nodes`
 * @param {Set<string>} folded ids whose children are hidden
 * @returns {{id: string, level: number, position: number, siblings: number, children: number}[]}
 */
export function orderRows(nodes, folded) {
  const children = childrenByParent(nodes);
  const rows = [];
  const visit = (ids, level) => {
    ids.forEach((id, index) => {
      const below = children.get(id) ?? [];
      rows.push({ id, level, position: index + 1, siblings: ids.length, children: below.length });
      if (below.length && !folded.has(id)) visit(below, level + 1);
    });
  };
  visit(children.get(null) ?? [], 1);
  return rows;
}

function childrenByParent(nodes) {
  const children = new Map();
  for (const id of Object.keys(nodes)) {
    const parent = nodes[id].parent_node_id;
    const key = parent !== null && Object.hasOwn(nodes, parent) ? parent : null;
    if (!children.has(key)) children.set(key, []);
    children.get(key).push(id);
  }
  for (const [parent, ids] of children) {
    if (parent !== null && ids.length > 1) sortAsPlanned(ids, nodes[parent].planned_sub_task_ids ?? []);
  }
  return children;
}

function sortAsPlanned(ids, planned) {
  const rank = new Map(planned.map((id, index) => [id, index]));
  ids.sort((a, b) => (rank.get(a) ?? planned.length) - (rank.get(b) ?? planned.length));
}

/**
 * Compare two states of `all_nodes` by identity: what the replica did not touch is the same object.
 *
 * @returns {{changed: string[], reshaped: boolean}} ids that are new or differ; whether rows come, go or move
 */
export function compareNodes(before, after) {
  const changed = [];
  let reshaped = false;
  let kept = 0;
  for (const id in after) {
    const old = before[id];
    const node = after[id];
    if (old !== undefined) kept += 1;
    if (old === node) continue;
    changed.push(id);
    reshaped ||=
      old === undefined ||
      old.parent_node_id !== node.parent_node_id ||
      old.planned_sub_task_ids !== node.planned_sub_task_ids;
  }
  return { changed, reshaped: reshaped || kept !== Object.keys(before).length };
}

/** Return the ids from the root down to the parent of `id`. */
export function ancestors(nodes, id) {
  const path = [];
  for (let at = nodes[id]?.parent_node_id; at && nodes[at] && !path.includes(at); at = nodes[at].parent_node_id) {
    path.unshift(at);
  }
  return path;
}
