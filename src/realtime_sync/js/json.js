/** JSON text in UTF-8, from a stranger. */

import { DecodeError, LimitExceeded } from "./errors.js";
import { ENVELOPE_DEPTH } from "./limits.js";

/** @typedef {import("./limits.js").Limits} Limits */

// A byte order mark is no JSON, and would be dropped in silence.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Return the value that UTF-8 bytes of JSON mean: what JSON has, and what every other client could hold.
 *
 * @param {Uint8Array} bytes
 * @param {string} codec Its name, for the errors.
 * @param {Limits} limits
 * @returns {any}
 * @throws {DecodeError}
 */
export function decodeJson(bytes, codec, limits) {
  const survey = surveyJson(bytes, codec, limits);
  let value;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch (error) {
    throw new DecodeError(codec, /** @type {Error} */ (error).message);
  }
  if (survey.mustBeWalked) admitValue(value, codec, limits);
  return value;
}

const [QUOTE, BACKSLASH, COMMA, MINUS, DOT] = bytesOf('"\\,-.');
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = bytesOf("[]{}");
const [ZERO, NINE, SMALL_E, LARGE_E, SMALL_U, PLUS] = bytesOf("09eEu+");
const SPACE = 0x20;

/** 2^53 has 16 digits. */
const SAFE_DIGITS = 15;
/** The largest double has 309. */
const FINITE_DIGITS = 308;

/**
 * Refuse JSON text with more elements or levels than `limits` allows, before anything is built from it.
 *
 * Where the text stops being JSON the counts stop meaning anything; the parser refuses it then.
 *
 * @param {Uint8Array} bytes
 * @param {string} codec
 * @param {Limits} limits
 * @returns {{mustBeWalked: boolean}} Whether the value may hold what the parser takes and JSON has not.
 */
function surveyJson(bytes, codec, limits) {
  let elements = 1; // a container has as many as it has commas, and one more at its end, unless it is empty
  let depth = 0;
  let previous = 0; // the last byte that is not a space
  let mustBeWalked = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte <= SPACE) continue;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) {
        if (bytes[at] === BACKSLASH && bytes[++at] === SMALL_U) mustBeWalked = true; // perhaps half a character
      }
    } else if (byte === COMMA) {
      refuseMany(++elements, codec, limits);
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      refuseDeep(++depth, codec, limits);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
      if (previous !== OPEN_LIST && previous !== OPEN_OBJECT) refuseMany(++elements, codec, limits);
    } else if (byte >= ZERO && byte <= NINE) {
      const { end, isInteger } = scanNumber(bytes, at);
      const digits = end - at;
      if (isInteger && digits > SAFE_DIGITS) refuseUnsafeInteger(bytes.subarray(at, end), codec);
      if (!isInteger) mustBeWalked ||= digits > FINITE_DIGITS || bytes.subarray(at, end).some(isExponent);
      at = end - 1;
    }
    previous = byte;
  }
  return { mustBeWalked };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function scanNumber(bytes, start) {
  let end = start;
  let isInteger = true;
  for (; end < bytes.length; end++) {
    const byte = bytes[end];
    if (byte >= ZERO && byte <= NINE) continue;
    if (byte !== DOT && !isExponent(byte) && byte !== PLUS && byte !== MINUS) break;
    isInteger = false;
  }
  return { end, isInteger };
}

/** @param {number} byte */
function isExponent(byte) {
  return byte === SMALL_E || byte === LARGE_E;
}

/**
 * @param {Uint8Array} digits
 * @param {string} codec
 */
function refuseUnsafeInteger(digits, codec) {
  const text = String.fromCharCode(...digits.subarray(0, FINITE_DIGITS + 1));
  if (!Number.isSafeInteger(Number(text))) throw new DecodeError(codec, "an integer beyond +-(2^53 - 1)");
}

/**
 * @param {number} elements
 * @param {string} codec
 * @param {Limits} limits
 */
export function refuseMany(elements, codec, limits) {
  if (elements > limits.maxElements) throw new LimitExceeded(codec, "maxElements", limits.maxElements, elements);
}

/**
 * @param {number} depth
 * @param {string} codec
 * @param {Limits} limits
 */
export function refuseDeep(depth, codec, limits) {
  if (depth > limits.maxDepth + ENVELOPE_DEPTH) {
    throw new LimitExceeded(codec, "maxDepth", limits.maxDepth, depth - ENVELOPE_DEPTH);
  }
}

/** Half of a character that UTF-16 writes in two. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Refuse a value, parsed by somebody else, that is no JSON, or larger or deeper than `limits` allows.
 *
 * @param {unknown} value
 * @param {string} codec
 * @param {Limits} limits
 * @throws {DecodeError}
 */
export function admitValue(value, codec, limits) {
  let level = [value];
  for (let depth = 1, elements = 0; level.length > 0; depth++) {
    refuseMany((elements += level.length), codec, limits);
    /** @type {unknown[]} */
    const next = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) {
        refuseScalar(each, codec);
        continue;
      }
      refuseDeep(depth, codec, limits);
      pushChildren(next, each, codec);
    }
    level = next;
  }
}

/**
 * @param {unknown[]} values
 * @param {object} container
 * @param {string} codec
 */
function pushChildren(values, container, codec) {
  if (Array.isArray(container)) {
    for (const value of container) values.push(value);
    return;
  }
  const prototype = Object.getPrototypeOf(container);
  if (prototype !== Object.prototype && prototype !== null) throw new DecodeError(codec, "an object that JSON has not");
  for (const [key, value] of Object.entries(container)) {
    refuseScalar(key, codec);
    values.push(value);
  }
}

/**
 * @param {unknown} value
 * @param {string} codec
 */
function refuseScalar(value, codec) {
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) throw new DecodeError(codec, "a string with half a character (a lone surrogate)");
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new DecodeError(codec, `${value} is no JSON number`);
  } else if (value !== null && typeof value !== "boolean") {
    throw new DecodeError(codec, `JSON has no ${typeof value}`);
  }
}

/** @param {string} text ASCII. */
function bytesOf(text) {
  return Array.from(text, (character) => character.charCodeAt(0));
}
