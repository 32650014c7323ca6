/** A checksum over parts of a document, the same number as in Python. Source: PROTOCOL.md, section 4. */

import { crc32 } from "./crc32.js";
import { isContainer } from "./equality.js";
import { PatchError } from "./errors.js";
import { find, parsePointer } from "./pointer.js";

/** Before a pointer: of a container only what it is and how many values it holds, not the values. */
const SHAPE = "#";

/** What one check may weigh. Its own bytes are no bound: it can name the whole document a thousand times. */
const MOST_WEIGHT = 2 ** 20;

/** Characters of text that cost what one number costs. */
const TEXT_PER_VALUE = 128;

const BUFFER_BYTES = 4_096;

/** Text this short surely fits into an empty buffer: a UTF-16 unit takes 3 bytes of UTF-8 at most. */
const SHORT_TEXT = Math.floor((BUFFER_BYTES - 5) / 3);

const encoder = new TextEncoder();

/**
 * Return the CRC-32 of the values at `pointers`, in their order; null when they weigh over 2^20.
 *
 * A pointer that leads nowhere counts too: what is missing is missing in every equal document. One after a `#` covers a
 * container without what is inside it.
 *
 * @param {any} document
 * @param {readonly string[]} pointers
 * @returns {number | null}
 */
export function checksum(document, pointers) {
  const writer = new Writer();
  for (const pointer of pointers) {
    const isShape = pointer.startsWith(SHAPE);
    const value = valueAt(document, isShape ? pointer.slice(SHAPE.length) : pointer);
    if (value === undefined || (isShape && !isContainer(value))) writer.tag("x");
    else if (isShape) writer.shape(value);
    else writer.value(value);
    if (writer.room < 0) return null;
  }
  return writer.crc32();
}

/**
 * @param {any} document
 * @param {string} pointer
 * @returns {any} Undefined when there is nothing.
 */
function valueAt(document, pointer) {
  try {
    return find(document, parsePointer(pointer));
  } catch (error) {
    if (error instanceof PatchError) return undefined; // no pointer at all
    throw error;
  }
}

/** Writes values in their one form as bytes, and adds up the bytes. */
class Writer {
  /** What may still be covered: 1 for each value, key and missing value, and 1 for each 128 characters of text. */
  room = MOST_WEIGHT;
  #crc = 0;
  #bytes = new Uint8Array(BUFFER_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  crc32() {
    this.#empty();
    return this.#crc;
  }

  /**
   * Write a whole value; stop, with `room` below 0, when it weighs more than there is room.
   *
   * A loop, because patches can nest a document more deeply than JavaScript can call.
   *
   * @param {any} value
   */
  value(value) {
    const pending = [value]; // what is still to come, the next one last; a key is written as the text that it is
    this.room--;
    while (pending.length > 0 && this.room >= 0) {
      const next = pending.pop();
      if (typeof next === "string") this.#text(next);
      else if (typeof next === "number") this.#number(next);
      else if (next === null) this.#tag("n");
      else if (typeof next === "boolean") this.#tag(next ? "t" : "f");
      else if (Array.isArray(next)) this.#elements(next, pending);
      else this.#members(next, pending);
    }
  }

  /** Write what a container is and how many values it holds. @param {object} container */
  shape(container) {
    this.room--;
    if (Array.isArray(container)) this.#head("[", container.length);
    else this.#head("{", Object.keys(container).length);
  }

  /** @param {"x"} tag Of what is not there. */
  tag(tag) {
    this.room--;
    this.#tag(tag);
  }

  /** @param {any[]} list @param {any[]} pending */
  #elements(list, pending) {
    this.room -= list.length;
    if (this.room < 0) return;
    this.#head("[", list.length);
    for (let index = list.length - 1; index >= 0; index--) pending.push(list[index]);
  }

  /** @param {Record<string, any>} object @param {any[]} pending */
  #members(object, pending) {
    const keys = Object.keys(object);
    this.room -= 2 * keys.length;
    if (this.room < 0) return;
    this.#head("{", keys.length);
    sortByUtf8(keys);
    for (let index = keys.length - 1; index >= 0; index--) pending.push(object[keys[index]], keys[index]);
  }

  /** @param {string} text */
  #text(text) {
    this.room -= Math.floor(text.length / TEXT_PER_VALUE);
    if (this.room < 0) return;
    if (text.length > SHORT_TEXT) return this.#longText(text);
    if (this.#length + 5 + 3 * text.length > BUFFER_BYTES) this.#empty();
    const start = this.#length + 5;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#head("s", written);
    this.#length = start + written;
  }

  /** @param {string} text */
  #longText(text) {
    const bytes = encoder.encode(text);
    this.#head("s", bytes.length);
    this.#empty();
    this.#crc = crc32(bytes, this.#crc);
  }

  /** @param {number} number */
  #number(number) {
    this.#tag("d");
    this.#reserve(8);
    this.#view.setFloat64(this.#length, number + 0); // which makes 0 out of -0
    this.#length += 8;
  }

  /** @param {string} tag @param {number} count */
  #head(tag, count) {
    this.#tag(tag);
    this.#reserve(4);
    this.#view.setUint32(this.#length, count);
    this.#length += 4;
  }

  /** @param {string} tag */
  #tag(tag) {
    this.#reserve(1);
    this.#bytes[this.#length++] = tag.charCodeAt(0);
  }

  /** @param {number} count */
  #reserve(count) {
    if (this.#length + count > BUFFER_BYTES) this.#empty();
  }

  #empty() {
    this.#crc = crc32(this.#bytes.subarray(0, this.#length), this.#crc);
    this.#length = 0;
  }
}

/**
 * Sort keys as their UTF-8 is ordered.
 *
 * JavaScript orders by UTF-16, which differs where a key has a character over U+FFFF: its two halves are smaller than
 * U+E000 to U+FFFF, and the character is larger.
 *
 * @param {string[]} keys
 */
function sortByUtf8(keys) {
  if (/[\ud800-\udfff]/.test(keys.join(""))) keys.sort(compareCodePoints);
  else keys.sort();
}

/** @param {string} a @param {string} b */
function compareCodePoints(a, b) {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
  }
  return a.length - b.length;
}

/** Return a number that orders UTF-16 units as the characters that they are part of. @param {number} unit */
function rank(unit) {
  const isHalf = unit >= 0xd800 && unit <= 0xdfff;
  return isHalf ? unit + 0x10000 : unit;
}
