/** What a task's status is called, which shape it has, and how the run as a whole is told. */

/** In the order of the legend: finished states last. */
export const STATUSES = ["PENDING", "RUNNING", "AGGREGATING", "WAITING", "DONE", "FAILED", "SKIPPED"];

const LABELS = {
  PENDING: "Pending",
  RUNNING: "Running",
  AGGREGATING: "Aggregating",
  WAITING: "Waiting",
  DONE: "Done",
  FAILED: "Failed",
  SKIPPED: "Skipped",
};

/** Run state -> what the masthead says, and which status it looks like. */
const RUN_STATES = {
  idle: { label: "Ready", status: "PENDING" },
  running: { label: "Running", status: "RUNNING" },
  waiting_for_human: { label: "Waiting for you", status: "WAITING" },
  done: { label: "Done", status: "DONE" },
  aborted: { label: "Aborted", status: "SKIPPED" },
};

const FINISHED = new Set(["DONE", "FAILED", "SKIPPED"]);

/** Return the word for a status; an unknown one speaks for itself. */
export function statusLabel(status) {
  return LABELS[status] ?? String(status);
}

/** Return the name of the icon of a status. */
export function statusIcon(status) {
  return LABELS[status] ? status.toLowerCase() : "pending";
}

/** Return `{label, status}` for a run state. */
export function runState(state) {
  return RUN_STATES[state] ?? { label: String(state), status: "PENDING" };
}

/** Whether nothing more will happen to a task of this status. */
export function isFinished(status) {
  return FINISHED.has(status);
}

/** Return how many nodes there are of each status. Shape: `{PENDING: 3, ..., total, finished}`. */
export function countStatuses(nodes) {
  const counts = { total: 0, finished: 0 };
  for (const status of STATUSES) counts[status] = 0;
  for (const id in nodes) {
    const { status } = nodes[id];
    counts[status] = (counts[status] ?? 0) + 1;
    counts.total += 1;
    if (isFinished(status)) counts.finished += 1;
  }
  return counts;
}
