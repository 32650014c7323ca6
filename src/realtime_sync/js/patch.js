/**
 * JSON Patch, applied to a copy that shares what does not change.
 *
 * Source: RFC 6902; the operation `append` follows jsonpatch 1.47.
 */

import { copyContainer, isContainer, jsonEquals, setMember, shareEqual } from "./equality.js";
import { PatchError, brief } from "./errors.js";
import { child, find, formatPointer, parseIndex, parsePointer } from "./pointer.js";

/**
 * One operation of a patch; unknown members are ignored.
 *
 * @typedef {{op: "add" | "replace" | "test", path: string, value: any}
 *   | {op: "append", path: string, value: string}
 *   | {op: "remove", path: string}
 *   | {op: "move" | "copy", from: string, path: string}} Operation
 */

/** @type {Record<string, (draft: Draft, operation: any) => void>} */
const OPERATIONS = {
  add: (draft, operation) => draft.add(pathOf(operation), valueOf(operation)),
  remove: (draft, operation) => void draft.remove(pathOf(operation)),
  replace: (draft, operation) => draft.replace(pathOf(operation), valueOf(operation)),
  move: (draft, operation) => draft.move(pathOf(operation, "from"), pathOf(operation)),
  copy: (draft, operation) => draft.copy(pathOf(operation, "from"), pathOf(operation)),
  test: (draft, operation) => draft.test(pathOf(operation), valueOf(operation)),
  append: (draft, operation) => draft.append(pathOf(operation), valueOf(operation)),
};

/**
 * Return `document` with every operation of `patch` applied in order.
 *
 * All or nothing: `document` is never changed, and parts that the patch does not reach are the same objects in the
 * result. The result may share values with `patch`; change neither.
 *
 * @param {any} document
 * @param {readonly Operation[]} patch
 * @returns {any}
 * @throws {PatchError} An operation is malformed, names what does not exist, or is a `test` that does not hold.
 */
export function applyPatch(document, patch) {
  if (!Array.isArray(patch)) throw new PatchError(`a patch is a list of operations, not ${brief(patch)}`);
  const draft = new Draft(document);
  patch.forEach((operation, index) => {
    try {
      applyOperation(draft, operation);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new PatchError(error.problem, { index, operation });
    }
  });
  return draft.root;
}

/**
 * @param {Draft} draft
 * @param {any} operation
 */
function applyOperation(draft, operation) {
  if (!isContainer(operation) || Array.isArray(operation)) throw new PatchError("an operation is an object");
  const name = member(operation, "op");
  if (typeof name !== "string" || !Object.hasOwn(OPERATIONS, name)) {
    throw new PatchError(`no operation is called ${brief(name)}`);
  }
  OPERATIONS[name](draft, operation);
}

/**
 * @param {any} operation
 * @param {string} name
 * @returns {any}
 */
function member(operation, name) {
  if (!Object.hasOwn(operation, name)) throw new PatchError(`the operation lacks "${name}"`);
  return operation[name];
}

/**
 * @param {any} operation
 * @param {"path" | "from"} [name]
 */
const pathOf = (operation, name = "path") => parsePointer(member(operation, name));

/** @param {any} operation */
const valueOf = (operation) => member(operation, "value");

/** A document that is being changed: containers are copied the first time that something in them changes. */
class Draft {
  /** @param {any} root */
  constructor(root) {
    this.root = root;
    /** Containers that exist in this draft alone. @type {Set<object>} */
    this.owned = new Set();
  }

  /** @param {string[]} path @param {any} value */
  add(path, value) {
    if (path.length === 0) return this.setRoot(value);
    const container = this.ownParent(path);
    const key = path[path.length - 1];
    if (!Array.isArray(container)) return setMember(container, key, shareEqual(child(container, key), value));
    const index = key === "-" ? container.length : indexIn(container, path, container.length);
    container.splice(index, 0, value);
  }

  /** @param {string[]} path @returns {any} What was there. */
  remove(path) {
    if (path.length === 0) throw new PatchError("the whole document cannot be removed; replace it");
    const value = this.get(path);
    const container = this.ownParent(path);
    const key = path[path.length - 1];
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
    return value;
  }

  /** @param {string[]} path @param {any} value */
  replace(path, value) {
    const before = this.get(path);
    const after = shareEqual(before, value);
    if (after === before) return; // nothing changes, so nothing needs to be copied
    if (path.length === 0) return this.setRoot(after);
    setMember(this.ownParent(path), path[path.length - 1], after);
  }

  /** @param {string[]} from @param {string[]} path */
  move(from, path) {
    if (from.length < path.length && from.every((token, depth) => token === path[depth])) {
      throw new PatchError(`'${formatPointer(from)}' cannot be moved into itself`);
    }
    if (from.length === path.length && from.every((token, depth) => token === path[depth])) {
      this.get(from);
      return;
    }
    this.add(path, this.remove(from));
  }

  /** @param {string[]} from @param {string[]} path */
  copy(from, path) {
    const value = this.get(from);
    // From now on one container is in two places; a change of either must copy it first.
    if (isContainer(value)) this.owned.clear();
    this.add(path, value);
  }

  /** @param {string[]} path @param {any} value */
  test(path, value) {
    const found = this.get(path);
    if (!jsonEquals(found, value)) {
      throw new PatchError(`'${formatPointer(path)}' is ${brief(found)}, not ${brief(value)}`);
    }
  }

  /** @param {string[]} path @param {any} text */
  append(path, text) {
    const before = this.get(path);
    if (typeof before !== "string") {
      throw new PatchError(`'${formatPointer(path)}' is ${brief(before)}: only a string can grow`);
    }
    if (typeof text !== "string") throw new PatchError(`only a string can be appended, not ${brief(text)}`);
    this.replace(path, before + text);
  }

  /** @param {string[]} path @returns {any} The value there. */
  get(path) {
    const value = find(this.root, path);
    if (value === undefined) throw notFound(this.root, path);
    return value;
  }

  /** @param {any} value */
  setRoot(value) {
    this.root = value;
  }

  /**
   * Return the container that holds the end of `path`; the draft owns it and everything above it.
   *
   * @param {string[]} path Not empty.
   * @returns {any}
   */
  ownParent(path) {
    const parents = path.slice(0, -1);
    if (!isContainer(this.get(parents))) throw notFound(this.root, path);
    let container = (this.root = this.own(this.root));
    for (const token of parents) {
      const owned = this.own(container[token]);
      setMember(container, token, owned);
      container = owned;
    }
    return container;
  }

  /** @param {object} container @returns {any} */
  own(container) {
    if (this.owned.has(container)) return container;
    const copy = copyContainer(container);
    this.owned.add(copy);
    return copy;
  }
}

/**
 * @param {any[]} array
 * @param {string[]} path
 * @param {number} highest
 */
function indexIn(array, path, highest) {
  const index = parseIndex(path[path.length - 1], highest);
  if (index === undefined) throw notFoundIn(array, path);
  return index;
}

/**
 * Return an error that names the first part of `path` that does not exist, and what is there instead.
 *
 * @param {any} document
 * @param {string[]} path
 */
function notFound(document, path) {
  let depth = 0;
  let container = document;
  for (let next; depth < path.length; depth++, container = next) {
    next = child(container, path[depth]);
    if (next === undefined) break;
  }
  return notFoundIn(container, path.slice(0, depth + 1));
}

/**
 * @param {any} container
 * @param {string[]} path
 */
function notFoundIn(container, path) {
  const place = `'${formatPointer(path)}' does not exist`;
  if (Array.isArray(container)) return new PatchError(`${place}: the list has ${container.length} elements`);
  if (isContainer(container)) return new PatchError(`${place}: the object has no such member`);
  return new PatchError(`${place}: the value above it is ${brief(container)}, which holds nothing`);
}
