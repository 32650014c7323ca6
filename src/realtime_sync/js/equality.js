/** When two JSON values are the same, and how to keep what is. */

import { PatchError } from "./errors.js";

/** Nesting that is compared; twice what a server can send, and far from what a JavaScript stack holds. */
export const MAX_DEPTH = 500;

/**
 * Tell whether two values are equal as JSON: `true` is not `1`, `1` is `1.0`, the order of members does not matter.
 *
 * @param {any} a
 * @param {any} b
 * @param {number} [depth]
 * @returns {boolean}
 * @throws {PatchError} They are nested deeper than `MAX_DEPTH`.
 */
export function jsonEquals(a, b, depth = 0) {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (depth > MAX_DEPTH) throw new PatchError(`values nested deeper than ${MAX_DEPTH} are not compared`);
  const keys = Object.keys(a); // of an array: its indices
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && jsonEquals(a[key], b[key], depth + 1));
}

/**
 * Return a value equal to `next` that reuses every part of `previous` that is equal.
 *
 * Whoever compares by identity (React, `select`) then sees only what really changed, also across a keyframe.
 * Example: from `{a: X, b: Y}` to an equal `a` and another `b`, the result holds X itself.
 *
 * @param {any} previous
 * @param {any} next
 * @param {number} [depth]
 * @returns {any}
 */
export function shareEqual(previous, next, depth = 0) {
  if (previous === next || !isContainer(previous) || !isContainer(next) || depth > MAX_DEPTH) return next;
  if (Array.isArray(previous) !== Array.isArray(next)) return next;
  const keys = Object.keys(next);
  let equal = keys.length === Object.keys(previous).length;
  let result = next; // copied only when a part of it is replaced
  for (const key of keys) {
    const before = Object.hasOwn(previous, key) ? previous[key] : undefined;
    const shared = shareEqual(before, next[key], depth + 1);
    if (shared !== before) equal = false;
    if (shared === next[key]) continue;
    if (result === next) result = copyContainer(next);
    setMember(result, key, shared);
  }
  return equal ? previous : result;
}

/**
 * @param {object} container
 * @returns {any}
 */
export function copyContainer(container) {
  // Spreading defines own members, a member named `__proto__` among them, and calls no setter.
  return Array.isArray(container) ? container.slice() : { ...container };
}

/**
 * Set a member or element; `__proto__` is a key like any other.
 *
 * @param {any} container
 * @param {string | number} key
 * @param {unknown} value
 */
export function setMember(container, key, value) {
  if (key === "__proto__") {
    // Assigning would call the setter that every object inherits, and change the prototype.
    Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    container[key] = value;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isContainer(value) {
  return typeof value === "object" && value !== null;
}
