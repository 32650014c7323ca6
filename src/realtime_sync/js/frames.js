/** What arrives from the server: frames, and answers beside them. Source: PROTOCOL.md, sections 3 and 4. */

import { isContainer } from "./equality.js";
import { ProtocolError, brief } from "./errors.js";
import { isEpoch, isOffset, parsePosition } from "./position.js";

/** Operations in one patch; as in Python's `Limits`. */
export const MAX_OPERATIONS = 100_000;

/**
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {[name: string, data: any]} Event Something that happened, for the application.
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
 */

/**
 * The channel was deleted; no frame of `epoch` follows.
 *
 * @typedef {{type: "closed", epoch: string, reason: string}} Closed
 */

/** @typedef {Keyframe | Delta | Closed} Frame */

const REFUSALS = /** @type {const} */ (["forbidden", "upgrade_required", "too_many_channels", "invalid"]);
const OUTCOMES = /** @type {const} */ (["up_to_date", "patch", "keyframe", "waiting", "unavailable", ...REFUSALS]);

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
 * Return the frame that a decoded object means; its values are shared, members that PROTOCOL.md does not know ignored.
 *
 * @param {unknown} value
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame.
 */
export function parseFrame(value) {
  const wire = members(value, "frame");
  require(isEpoch(wire.epoch), "epoch is a string of 1 to 64 characters", wire.epoch);
  const { epoch } = wire;
  switch (wire.type) {
    case "delta":
      require(isOffset(wire.base) && isOffset(wire.offset), "base and offset are integers from 0", value);
      require(0 < wire.base && wire.base < wire.offset, "a delta goes forward from a document", value);
      return {
        type: "delta",
        epoch,
        base: wire.base,
        offset: wire.offset,
        patch: parsePatch(wire.patch),
        ...extras(wire),
      };
    case "keyframe":
      require(isOffset(wire.offset), "offset is an integer from 0", wire.offset);
      require(wire.document !== undefined, "a keyframe has a document", value);
      return { type: "keyframe", epoch, offset: wire.offset, document: wire.document, ...extras(wire) };
    case "closed":
      require(typeof wire.reason === "string", "reason is a string", wire.reason);
      return { type: "closed", epoch, reason: wire.reason };
  }
  throw new ProtocolError(`no type of frame: ${brief(wire.type)}`);
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
  const { outcome, request = null, codec = null, position = null, message = "" } = wire;
  require(OUTCOMES.includes(outcome), "no known outcome", outcome);
  require(request === null || typeof request === "string", "request is a string", request);
  require(codec === null || typeof codec === "string", "codec is a string", codec);
  require(typeof message === "string", "message is a string", message);
  const needsPosition = outcome === "up_to_date" || outcome === "waiting";
  return {
    outcome,
    request,
    codec,
    position: position === null && !needsPosition ? null : parsePosition(position),
    message,
  };
}

/**
 * Return `value` without a prototype, so that no member is inherited.
 *
 * @param {unknown} value
 * @param {string} what
 * @returns {Record<string, any>}
 */
function members(value, what) {
  require(isContainer(value) && !Array.isArray(value), `a ${what} is an object`, value);
  return Object.assign(Object.create(null), value);
}

/**
 * @param {unknown} patch
 * @returns {Operation[]}
 */
function parsePatch(patch) {
  require(Array.isArray(patch), "a patch is a list", patch);
  const operations = /** @type {any[]} */ (patch);
  require(operations.length <= MAX_OPERATIONS, `a patch has at most ${MAX_OPERATIONS} operations`, operations.length);
  for (const operation of operations) {
    require(isContainer(operation) && !Array.isArray(operation), "an operation is an object", operation);
  }
  return operations;
}

/**
 * @param {Record<string, any>} wire
 * @returns {{events: Event[], dropped: number}}
 */
function extras({ events = [], dropped = 0 }) {
  require(Array.isArray(events), "events is a list", events);
  for (const event of events) {
    const isPair = Array.isArray(event) && event.length === 2 && typeof event[0] === "string";
    require(isPair, "an event is [name, data]", event);
  }
  require(isOffset(dropped), "dropped is a count", dropped);
  return { events, dropped };
}

/**
 * @param {boolean} holds
 * @param {string} rule
 * @param {unknown} found
 * @returns {asserts holds}
 */
function require(holds, rule, found) {
  if (!holds) throw new ProtocolError(`${rule}; found ${brief(found)}`);
}
