/** JSON Pointer: the name of one value inside a document. Source: RFC 6901. */

import { PatchError, brief } from "./errors.js";

// Leading zeros, signs and digits of other scripts are no index (RFC 6901, section 4).
const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;

/**
 * Return the reference tokens of `pointer`, unescaped.
 *
 * @param {unknown} pointer
 * @returns {string[]}
 * @throws {PatchError} It is no JSON Pointer.
 */
export function parsePointer(pointer) {
  if (pointer === "") return [];
  if (typeof pointer !== "string" || pointer[0] !== "/") {
    throw new PatchError(`a JSON Pointer is "" or begins with "/", not ${brief(pointer)}`);
  }
  const tokens = pointer.slice(1).split("/");
  return pointer.includes("~") ? tokens.map(unescapeToken) : tokens;
}

/** @param {string} token */
function unescapeToken(token) {
  if (/~(?![01])/.test(token)) throw new PatchError(`"~" must be written as "~0" in a JSON Pointer: ${brief(token)}`);
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

/**
 * Return the pointer that `parsePointer` splits into `tokens`.
 *
 * @param {readonly (string | number)[]} tokens
 * @returns {string}
 */
export function formatPointer(tokens) {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Return the value that `tokens` name.
 *
 * @param {unknown} document
 * @param {readonly string[]} tokens
 * @returns {any} Undefined when there is none: JSON has no undefined.
 */
export function find(document, tokens) {
  let value = document;
  for (const token of tokens) {
    if (value === undefined) return undefined;
    value = child(value, token);
  }
  return value;
}

/**
 * Return the member or element that `token` names, or undefined; never anything inherited from a prototype.
 *
 * @param {any} container
 * @param {string} token
 * @returns {any}
 */
export function child(container, token) {
  if (container === null || typeof container !== "object") return undefined;
  if (Array.isArray(container) && !ARRAY_INDEX.test(token)) return undefined;
  return Object.hasOwn(container, token) ? container[token] : undefined;
}

/**
 * Return the index that `token` means in an array, from 0 to `highest`.
 *
 * @param {string} token
 * @param {number} highest
 * @returns {number | undefined} Undefined when it means none.
 */
export function parseIndex(token, highest) {
  const index = ARRAY_INDEX.test(token) ? Number(token) : NaN;
  return index <= highest ? index : undefined;
}
