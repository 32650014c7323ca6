/** What comes in parts, put together again. Source: PROTOCOL.md, section 3. */

import { isContainer } from "./equality.js";
import { LimitExceeded, ProtocolError } from "./errors.js";
import { members, require } from "./frames.js";
import { isOffset } from "./position.js";

/**
 * One piece of an encoded frame that is larger than one message may be; it travels in the place of a frame.
 *
 * @typedef {object} Part
 * @property {string} id Of the frame that the pieces make up.
 * @property {number} index Which piece, from 0.
 * @property {number} count How many there are.
 * @property {Uint8Array} data Of text: in UTF-8.
 * @property {boolean} isText Whether the frame is JSON text, as it is for codec `json`.
 */

/**
 * A frame that came in parts.
 *
 * @typedef {{bytes: Uint8Array, isText: boolean}} Whole
 */

const MAX_ID_LENGTH = 64;
const UTF8 = new TextEncoder();

/**
 * Tell whether the body of a message claims to be a part.
 *
 * @param {unknown} body
 * @returns {body is Record<string, unknown>}
 */
export function isPart(body) {
  return isContainer(body) && Object.hasOwn(body, "type") && body["type"] === "part";
}

/**
 * @param {unknown} body
 * @returns {Part}
 * @throws {ProtocolError} It is none.
 */
export function parsePart(body) {
  const { id, index, count, data } = members(body, "part");
  const isId = typeof id === "string" && id !== "" && Array.from(id.slice(0, 129)).length <= MAX_ID_LENGTH;
  require(isId, "a part's id has 1 to 64 characters", id);
  require(isOffset(index) && isOffset(count) && index < count, "a part is one of several", [index, count]);
  const isText = typeof data === "string";
  const bytes = isText ? utf8(data) : toBytes(data);
  require(bytes !== null && bytes.length > 0, "a part has data", data);
  return { id, index, count, data: bytes, isText };
}

/** @param {string} text */
function utf8(text) {
  if (/\p{Surrogate}/u.test(text)) throw new ProtocolError("a part was cut inside a character");
  return UTF8.encode(text);
}

/**
 * Return what is bytes to a browser or to Node.
 *
 * @param {unknown} body
 * @returns {Uint8Array | null} Null when it is not bytes.
 */
export function toBytes(body) {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : null;
}

/**
 * Joins the parts of one frame at a time: exactly in order, from the first to the last.
 *
 * Whatever is not the next part ends what was begun; a first part begins anew. So a frame whose sending was broken off
 * costs nothing but itself, and what is kept never exceeds `maxBytes`.
 */
export class Assembly {
  #maxBytes;
  /** The last part that fitted. @type {Omit<Part, "data"> | null} */
  #last = null;
  #kept = new Uint8Array();
  #size = 0;

  /** @param {number} maxBytes */
  constructor(maxBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Forget what was begun. */
  drop() {
    this.#last = null;
    this.#kept = new Uint8Array();
    this.#size = 0;
  }

  /**
   * Take a part; return the frame when it is whole.
   *
   * @param {Part} part
   * @param {string} codec Its name, for the errors.
   * @returns {Whole | null}
   * @throws {LimitExceeded} It is larger than allowed; it was dropped.
   */
  add({ data, ...part }, codec) {
    const isNext = part.index === 0 || this.#continuesWith(part);
    if (!isNext || part.index === 0) this.drop();
    if (!isNext) return null;
    const found = this.#size + data.length;
    if (found > this.#maxBytes) {
      this.drop();
      throw new LimitExceeded(codec, "maxEncodedBytes", this.#maxBytes, found);
    }
    this.#append(data);
    this.#last = part;
    if (part.index < part.count - 1) return null;
    const bytes = this.#kept.subarray(0, this.#size);
    this.drop();
    return { bytes, isText: part.isText };
  }

  /** @param {Omit<Part, "data">} part */
  #continuesWith({ id, index, count, isText }) {
    const last = this.#last;
    return last?.id === id && last.index + 1 === index && last.count === count && last.isText === isText;
  }

  /** @param {Uint8Array} data */
  #append(data) {
    const size = this.#size + data.length;
    if (size > this.#kept.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, 2 * size)); // doubled, so that a million parts cost no more
      larger.set(this.#kept.subarray(0, this.#size));
      this.#kept = larger;
    }
    this.#kept.set(data, this.#size);
    this.#size = size;
  }
}
