/** What arrives from the server: frames, and answers beside them. Source: PROTOCOL.md, sections 3 and 4. */

import { isContainer } from "./equality.js";
import { LimitExceeded, ProtocolError, brief } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { isEpoch, isOffset, parsePosition } from "./position.js";

/**
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {[name: string, data: any, serial?: number]} Event Something that happened, for the application; of a lossless
 *   event also its number: 1, 2, 3, ... in one epoch.
 */

/**
 * The whole document at (epoch, offset).
 *
 * @typedef {object} Keyframe
 * @property {"keyframe"} type
 * @property {string} epoch
 * @property {number} offset
 * @property {any} document
 * @property {Event[]} events
 * @property {number} dropped Events that were left out.
 * @property {number} [serial] Of the channel's last lossless event up to `offset`; absent: there was none.
 */

/**
 * What some values of the document must add up to once a delta is applied.
 *
 * @typedef {object} Check
 * @property {number} crc32 The checksum of the values at `pointers`, in their order.
 * @property {string[]} pointers
 */

/**
 * The patch from `base` to `offset`, both of `epoch`.
 *
 * @typedef {object} Delta
 * @property {"delta"} type
 * @property {string} epoch
 * @property {number} base
 * @property {number} offset
 * @property {Operation[]} patch
 * @property {Event[]} events
 * @property {number} dropped Events that were left out.
 * @property {Check} [check]
 */

/**
 * The channel was deleted; no frame of `epoch` follows.
 *
 * @typedef {{type: "closed", epoch: string, reason: string, serial?: number}} Closed
 */

/** @typedef {Keyframe | Delta | Closed} Frame */

const REFUSALS = /** @type {const} */ (["forbidden", "upgrade_required", "too_many_channels", "invalid"]);
const FOR_NOW = /** @type {const} */ (["unavailable", "too_slow"]);
const OUTCOMES = /** @type {const} */ (["up_to_date", "patch", "keyframe", "waiting", ...FOR_NOW, ...REFUSALS]);

/** @typedef {typeof OUTCOMES[number]} Outcome */

/**
 * What the server says about a request, beside the frame that it may come with.
 *
 * @typedef {object} Answer
 * @property {Outcome} outcome
 * @property {string | null} request The id that is answered; null when the server speaks unasked.
 * @property {string | null} codec Codec of this body and all later ones; null when not subscribed.
 * @property {Position | null} position Where the channel stands, for `up_to_date` and `waiting`.
 * @property {string} message Text for a human.
 * @property {number} dropped Events that were missed, and that the frame beside it does not say.
 * @property {number} serial Of the channel's last lossless event, for `waiting`; 0: there was none.
 */

/**
 * Tell whether an outcome means that the server will not serve this channel.
 *
 * @param {Outcome} outcome
 * @returns {boolean}
 */
export function isRefusal(outcome) {
  return /** @type {readonly string[]} */ (REFUSALS).includes(outcome);
}

/**
 * Tell whether an outcome means that the server will serve this channel, but not now.
 *
 * @param {Outcome} outcome
 * @returns {boolean}
 */
export function isForNow(outcome) {
  return /** @type {readonly string[]} */ (FOR_NOW).includes(outcome);
}

/**
 * Return the frame that a decoded object means; its values are shared, members that PROTOCOL.md does not know ignored.
 *
 * @param {unknown} value
 * @param {Limits} [limits]
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame, or its patch has more operations than `limits` allows.
 */
export function parseFrame(value, limits = DEFAULT_LIMITS) {
  const wire = members(value, "frame");
  switch (wire.type) {
    case "delta":
      return makeDelta(wire.epoch, wire.base, wire.offset, parsePatch(wire.patch, limits), wire, limits);
    case "keyframe":
      return makeKeyframe(wire.epoch, wire.offset, wire.document, wire);
    case "closed":
      return makeClosed(wire.epoch, wire.reason, wire);
  }
  throw new ProtocolError(`no type of frame: ${brief(wire.type)}`);
}

// What both forms of a frame have in common: the values are checked here, whatever they were wrapped in.

/**
 * @param {unknown} epoch
 * @param {unknown} base
 * @param {unknown} offset
 * @param {Operation[]} patch
 * @param {Record<string, any>} extra Perhaps `events`, `dropped` and `check`; nothing inherited.
 * @param {Limits} limits
 * @returns {Delta}
 */
export function makeDelta(epoch, base, offset, patch, extra, limits) {
  require(isEpoch(epoch), "epoch is a string of 1 to 64 characters", epoch);
  require(isOffset(base) && isOffset(offset), "base and offset are integers from 0", [base, offset]);
  require(0 < base && base < offset, "a delta goes forward from a document", [base, offset]);
  const check = parseCheck(extra, limits);
  return { type: "delta", epoch, base, offset, patch, ...parseEvents(extra), ...(check && { check }) };
}

/**
 * @param {unknown} epoch
 * @param {unknown} offset
 * @param {unknown} document
 * @param {Record<string, any>} extra Perhaps `events`, `dropped` and `serial`; nothing inherited.
 * @returns {Keyframe}
 */
export function makeKeyframe(epoch, offset, document, extra) {
  require(isEpoch(epoch), "epoch is a string of 1 to 64 characters", epoch);
  require(isOffset(offset), "offset is an integer from 0", offset);
  require(document !== undefined, "a keyframe has a document", document);
  return { type: "keyframe", epoch, offset, document, ...parseEvents(extra), ...parseSerial(extra) };
}

/**
 * @param {unknown} epoch
 * @param {unknown} reason
 * @param {Record<string, any>} extra Perhaps `serial`; nothing inherited.
 * @returns {Closed}
 */
export function makeClosed(epoch, reason, extra) {
  require(isEpoch(epoch), "epoch is a string of 1 to 64 characters", epoch);
  require(typeof reason === "string", "reason is a string", reason);
  return { type: "closed", epoch, reason, ...parseSerial(extra) };
}

/**
 * @param {number} count Of operations, or of what costs as much.
 * @param {Limits} limits
 */
export function refuseManyOperations(count, { maxOperations }) {
  if (count > maxOperations) throw new LimitExceeded("frame", "maxOperations", maxOperations, count);
}

/**
 * Return the answer that the third argument of `batch_update` means.
 *
 * @param {unknown} value
 * @returns {Answer}
 * @throws {ProtocolError} It is none.
 */
export function parseAnswer(value) {
  const wire = members(value, "answer");
  const { outcome, request = null, codec = null, position = null, message = "", dropped = 0, serial = 0 } = wire;
  require(OUTCOMES.includes(outcome), "no known outcome", outcome);
  require(request === null || typeof request === "string", "request is a string", request);
  require(codec === null || typeof codec === "string", "codec is a string", codec);
  require(typeof message === "string", "message is a string", message);
  require(isOffset(dropped), "dropped is a count", dropped);
  require(isOffset(serial), "serial is a count", serial);
  const needsPosition = outcome === "up_to_date" || outcome === "waiting";
  return {
    outcome,
    request,
    codec,
    position: position === null && !needsPosition ? null : parsePosition(position),
    message,
    dropped,
    serial,
  };
}

/**
 * Return `value` without a prototype, so that no member is inherited.
 *
 * @param {unknown} value
 * @param {string} what
 * @returns {Record<string, any>}
 */
export function members(value, what) {
  require(isContainer(value) && !Array.isArray(value), `a ${what} is an object`, value);
  return Object.assign(Object.create(null), value);
}

/**
 * @param {unknown} patch
 * @param {Limits} limits
 * @returns {Operation[]}
 */
function parsePatch(patch, limits) {
  require(Array.isArray(patch), "a patch is a list", patch);
  const operations = /** @type {any[]} */ (patch);
  refuseManyOperations(operations.length, limits);
  for (const operation of operations) {
    require(isContainer(operation) && !Array.isArray(operation), "an operation is an object", operation);
  }
  return operations;
}

/**
 * @param {Record<string, any>} extra
 * @returns {{events: Event[], dropped: number}}
 */
function parseEvents({ events = [], dropped = 0 }) {
  require(Array.isArray(events), "events is a list", events);
  for (const event of events) {
    const [name, , serial = 1] = Array.isArray(event) ? event : [];
    const isEvent = typeof name === "string" && (event.length === 2 || event.length === 3);
    require(isEvent && isOffset(serial) && serial > 0, "an event is [name, data] or [name, data, serial]", event);
  }
  require(isOffset(dropped), "dropped is a count", dropped);
  return { events, dropped };
}

/**
 * @param {Record<string, any>} extra
 * @returns {{serial?: number}}
 */
function parseSerial({ serial = 0 }) {
  require(isOffset(serial), "serial is a count", serial);
  return serial > 0 ? { serial } : {};
}

/**
 * @param {Record<string, any>} extra
 * @param {Limits} limits
 * @returns {Check | null}
 */
function parseCheck({ check }, limits) {
  if (check === undefined) return null;
  require(Array.isArray(check) && check.length > 0, "a check is [crc32, pointer, ...]", check);
  const [crc32, ...pointers] = check;
  require(isOffset(crc32) && crc32 < 2 ** 32, "a CRC-32 is an integer of 32 bits", crc32);
  refuseManyOperations(pointers.length, limits);
  for (const pointer of pointers) require(typeof pointer === "string", "a pointer is a string", pointer);
  return { crc32, pointers };
}

/**
 * @param {boolean} holds
 * @param {string} rule
 * @param {unknown} found
 * @returns {asserts holds}
 */
export function require(holds, rule, found) {
  if (!holds) throw new ProtocolError(`${rule}; found ${brief(found)}`);
}
