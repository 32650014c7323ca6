/**
 * MessagePack from a stranger, as far as it says what JSON can say.
 *
 * Why not a library: @msgpack/msgpack 3.1.3 reads bytes that are not UTF-8 as some other text, drops U+FEFF from the
 * beginning of long strings, refuses the key `__proto__`, and allocates whatever a header announces. To find all this
 * beforehand takes a walk over the bytes that is most of a decoder.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

import { setMember } from "./equality.js";
import { DecodeError } from "./errors.js";
import { refuseDeep, refuseMany } from "./json.js";

/** @typedef {import("./limits.js").Limits} Limits */

/**
 * Return the value that MessagePack bytes mean.
 *
 * @param {Uint8Array} bytes
 * @param {string} codec Its name, for the errors.
 * @param {Limits} limits
 * @returns {any}
 * @throws {DecodeError} Too much, cut short, followed by other bytes, or something that JSON has not: binary and
 *   extension types, keys that are no strings, numbers that are not finite, integers beyond +-(2^53 - 1).
 */
export function decodeMsgpack(bytes, codec, limits) {
  return new Reader(bytes, codec, limits).message();
}

// U+FEFF is a character like any other inside a string.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Up to here a loop over ASCII is faster than a call of TextDecoder. */
const SHORT_TEXT = 40;

/** A list or a map that is being filled. */
class Container {
  /** @param {any} target @param {number} left Values that are still to come. */
  constructor(target, left) {
    this.target = target;
    this.left = left;
    this.isMap = !Array.isArray(target);
    this.key = "";
  }

  /** @param {unknown} value */
  add(value) {
    this.left--;
    if (this.isMap) setMember(this.target, this.key, value);
    else this.target.push(value);
  }
}

class Reader {
  #bytes;
  #view;
  #codec;
  #limits;
  #at = 0;
  #elements = 1;
  /** Outermost first. @type {Container[]} */
  #open = [];

  /**
   * @param {Uint8Array} bytes
   * @param {string} codec
   * @param {Limits} limits
   */
  constructor(bytes, codec, limits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#codec = codec;
    this.#limits = limits;
  }

  /** Read the one value there is; without recursion, whatever is inside what. */
  message() {
    for (;;) {
      const container = this.#open.at(-1);
      if (container?.isMap) container.key = this.#key();
      const opened = this.#open.length;
      let value = this.#value();
      if (this.#open.length > opened) continue; // its values come first
      for (;;) {
        const waiting = this.#open.at(-1);
        if (waiting === undefined) return this.#whole(value);
        waiting.add(value);
        if (waiting.left > 0) break;
        value = waiting.target;
        this.#open.pop();
      }
    }
  }

  /** @param {unknown} value */
  #whole(value) {
    if (this.#at < this.#bytes.length) throw this.#error("bytes follow the message");
    return value;
  }

  /** @returns {unknown} */
  #value() {
    const byte = this.#bytes[this.#take(1)];
    if (byte < 0x80) return byte;
    if (byte < 0x90) return this.#map(byte & 0x0f);
    if (byte < 0xa0) return this.#list(byte & 0x0f);
    if (byte < 0xc0) return this.#text(byte & 0x1f);
    if (byte >= 0xe0) return byte - 0x100;
    switch (byte) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#finite(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return this.#finite(this.#view.getFloat64(this.#take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(byte - 0xcc);
      case 0xcf:
        return this.#safe(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return this.#safe(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(byte - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#unsigned(byte - 0xdb));
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(byte - 0xdd));
    }
    throw this.#error(`0x${byte.toString(16)} begins a value that is no JSON`);
  }

  #key() {
    const byte = this.#bytes[this.#take(1)];
    if (byte >= 0xa0 && byte < 0xc0) return this.#text(byte & 0x1f);
    if (byte >= 0xd9 && byte <= 0xdb) return this.#text(this.#unsigned(byte - 0xd9));
    throw this.#error("a key that is no string");
  }

  /** @param {number} size 0, 1 or 2: of 8, 16 or 32 bits. */
  #unsigned(size) {
    if (size === 0) return this.#bytes[this.#take(1)];
    return size === 1 ? this.#view.getUint16(this.#take(2)) : this.#view.getUint32(this.#take(4));
  }

  /** @param {number} length */
  #list(length) {
    return this.#begin([], length);
  }

  /** @param {number} length */
  #map(length) {
    return this.#begin({}, length);
  }

  /**
   * @param {object} target
   * @param {number} length As announced; each value takes at least a byte, so a lie is found before it costs anything.
   */
  #begin(target, length) {
    if (length > this.#bytes.length - this.#at) throw this.#cutShort();
    refuseMany((this.#elements += length), this.#codec, this.#limits);
    refuseDeep(this.#open.length + 1, this.#codec, this.#limits);
    if (length > 0) this.#open.push(new Container(target, length));
    return target;
  }

  /** @param {number} length */
  #text(length) {
    const start = this.#take(length);
    if (length <= SHORT_TEXT) {
      let text = "";
      for (let at = start; at < this.#at; at++) {
        const byte = this.#bytes[at];
        if (byte >= 0x80) return this.#wideText(start);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.#wideText(start);
  }

  /** @param {number} start */
  #wideText(start) {
    try {
      return UTF8.decode(this.#bytes.subarray(start, this.#at));
    } catch {
      throw this.#error("a string that is not UTF-8");
    }
  }

  /** @param {number} number */
  #finite(number) {
    if (!Number.isFinite(number)) throw this.#error(`${number} is no JSON number`);
    return number;
  }

  /** @param {bigint} integer */
  #safe(integer) {
    const number = Number(integer);
    if (!Number.isSafeInteger(number)) throw this.#error(`the integer ${integer} is beyond +-(2^53 - 1)`);
    return number;
  }

  /**
   * Go on by `count` bytes.
   *
   * @param {number} count
   * @returns {number} Where they begin.
   */
  #take(count) {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw this.#cutShort();
    return start;
  }

  #cutShort() {
    return this.#error("the message is cut short");
  }

  /** @param {string} problem */
  #error(problem) {
    return new DecodeError(this.#codec, problem);
  }
}
