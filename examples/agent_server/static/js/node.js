/** What a task is called. */

let rootTitle = "";

/** Give the root's row a name: its path is only "." */
export function setRootTitle(title) {
  rootTitle = title;
}

/** Return the short name of a task: the last part of the path it works on. */
export function nodeTitle({ path, task_id: id }) {
  if (path === ".") return rootTitle;
  return path?.split("/").pop() || id;
}
