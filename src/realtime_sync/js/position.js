/** Where a channel's log, or a replica of it, stands. */

import { ProtocolError, brief } from "./errors.js";

/**
 * One place in the life of a channel: always both parts, never one alone.
 *
 * Why the epoch: a log holding frames 1, 2, 3 is lost and a new one reaches 4. A replica at 3 that compared offsets
 * alone would take frame 4 and never see the new 1, 2, 3.
 *
 * @typedef {{readonly epoch: string, readonly offset: number}} Position
 */

/** @typedef {[epoch: string, offset: number]} WirePosition */

/**
 * @param {unknown} epoch
 * @returns {epoch is string}
 */
export function isEpoch(epoch) {
  // Counted in code points, as Python counts.
  return typeof epoch === "string" && epoch !== "" && epoch.length <= 128 && Array.from(epoch).length <= 64;
}

/**
 * @param {unknown} offset
 * @returns {offset is number}
 */
export function isOffset(offset) {
  return Number.isSafeInteger(offset) && /** @type {number} */ (offset) >= 0;
}

/**
 * Return the position that `[epoch, offset]` means.
 *
 * @param {unknown} value
 * @returns {Position}
 * @throws {ProtocolError} It is anything else.
 */
export function parsePosition(value) {
  if (!Array.isArray(value) || value.length !== 2 || !isEpoch(value[0]) || !isOffset(value[1])) {
    throw new ProtocolError(`a position is [epoch, offset], not ${brief(value)}`);
  }
  return { epoch: value[0], offset: value[1] };
}

/**
 * Return `[epoch, offset]`, or null for no position.
 *
 * @param {Position | null} position
 * @returns {WirePosition | null}
 */
export function toWire(position) {
  return position && [position.epoch, position.offset];
}

/**
 * @param {Position | null} a
 * @param {Position | null} b
 * @returns {boolean}
 */
export function samePosition(a, b) {
  return a === b || (a !== null && b !== null && a.epoch === b.epoch && a.offset === b.offset);
}
