/** DEFLATE and gzip from a stranger, never more plain bytes than were allowed. Source: RFC 1951, RFC 1952. */

import { Inflate } from "fflate";

import { crc32 } from "./crc32.js";
import { DecodeError, LimitExceeded } from "./errors.js";

/**
 * @typedef {object} Allowed
 * @property {string} codec Its name, for the errors.
 * @property {number} maxBytes The most that may come out.
 * @property {number} maxWindowBytes The most that may be held beside what comes out.
 * @property {Uint8Array} [dictionary] What the compressor was given beforehand.
 */

/** A byte of DEFLATE can mean 1,032: a slice makes at most 4 MiB, which is looked at before the next one. */
const SLICE_BYTES = 2 ** 12;

/**
 * How much longer than its content a stream may be. The server compresses only what gets smaller; a stream of blocks
 * without content would cost a microsecond a byte.
 */
const MAX_WASTE_BYTES = 2 ** 17;

/**
 * Return what one raw DEFLATE stream contains.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole stream and nothing else.
 */
export function inflate(bytes, { codec, maxBytes, dictionary }) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  const stream = new Inflate(dictionary ? { dictionary } : {}, (part) => {
    parts.push(part);
    size += part.length;
  });
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    push(stream, bytes.subarray(at, at + SLICE_BYTES), at + SLICE_BYTES >= bytes.length, codec);
    if (size > maxBytes) throw new LimitExceeded(codec, "maxDecodedBytes", maxBytes, size);
    if (at - size > MAX_WASTE_BYTES) throw new DecodeError(codec, "a compressed stream that is longer than its content");
  }
  const { isFinished, unused } = endOf(stream);
  if (!isFinished) throw new DecodeError(codec, "the compressed stream is cut short");
  if (unused > 0) throw new DecodeError(codec, "bytes follow the compressed stream");
  return joined(parts, size);
}

/**
 * @param {Inflate} stream
 * @param {Uint8Array} slice
 * @param {boolean} isLast
 * @param {string} codec
 */
function push(stream, slice, isLast, codec) {
  try {
    stream.push(slice, isLast);
  } catch (error) {
    throw new DecodeError(codec, /** @type {Error} */ (error).message);
  }
}

/**
 * Tell whether a stream came to its end, and how many bytes follow it.
 *
 * fflate takes a stream that ends early, or goes on after its end, for a good one, and has no public word for it: its
 * state (`s`: `f` is the last block, `l` a block that has not ended, `p` the position in bits) and its input (`p`) tell.
 * So package.json pins its version, and tests fail when the names change.
 *
 * @param {any} stream
 */
function endOf({ s: state, p: rest }) {
  const isFinished = state.f === 1 && !state.l;
  return { isFinished, unused: isFinished ? rest.length - Math.ceil(state.p / 8) : 0 };
}

const [ID1, ID2, DEFLATE] = [0x1f, 0x8b, 8];
const [HEADER_CRC, EXTRA, NAME, COMMENT, RESERVED] = [2, 4, 8, 16, 0xe0];
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/**
 * Return what one gzip member contains.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole member and nothing else.
 */
export function gunzip(bytes, allowed) {
  const { codec } = allowed;
  const start = endOfHeader(bytes, codec);
  const end = bytes.length - TRAILER_BYTES;
  if (start > end) throw new DecodeError(codec, "the gzip member is cut short");
  const plain = inflate(bytes.subarray(start, end), allowed);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_BYTES);
  if (trailer.getUint32(0, true) !== crc32(plain) || trailer.getUint32(4, true) !== plain.length) {
    throw new DecodeError(codec, "the gzip member's checksum or length is wrong");
  }
  return plain;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} codec
 */
function endOfHeader(bytes, codec) {
  if (bytes[0] !== ID1 || bytes[1] !== ID2) throw new DecodeError(codec, "not gzip");
  const flags = bytes[3];
  if (bytes[2] !== DEFLATE || flags & RESERVED) throw new DecodeError(codec, "an unknown kind of gzip");
  let end = HEADER_BYTES;
  if (flags & EXTRA) end += 2 + bytes[end] + 256 * bytes[end + 1];
  for (const text of [NAME, COMMENT]) if (flags & text) end = bytes.indexOf(0, end) + 1 || NaN;
  if (flags & HEADER_CRC) end += 2;
  if (!(end <= bytes.length)) throw new DecodeError(codec, "the gzip header is cut short");
  return end;
}

/**
 * @param {Uint8Array[]} parts
 * @param {number} size Of all together.
 * @returns {Uint8Array}
 */
export function joined(parts, size) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
