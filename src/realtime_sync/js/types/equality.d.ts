/**
 * Tell whether two values are equal as JSON: `true` is not `1`, `1` is `1.0`, the order of members does not matter.
 *
 * @param {any} a
 * @param {any} b
 * @param {number} [depth]
 * @returns {boolean}
 * @throws {PatchError} They are nested deeper than `MAX_DEPTH`.
 */
export function jsonEquals(a: any, b: any, depth?: number): boolean;
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
export function shareEqual(previous: any, next: any, depth?: number): any;
/**
 * @param {object} container
 * @returns {any}
 */
export function copyContainer(container: object): any;
/**
 * Set a member or element; `__proto__` is a key like any other.
 *
 * @param {any} container
 * @param {string | number} key
 * @param {unknown} value
 */
export function setMember(container: any, key: string | number, value: unknown): void;
/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isContainer(value: unknown): value is Record<string, any>;
/** Nesting that is compared; twice what a server can send, and far from what a JavaScript stack holds. */
export const MAX_DEPTH: 500;
