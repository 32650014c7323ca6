/** Zstandard from a stranger, never more plain bytes than were allowed. Source: RFC 8878. */

import { Decompress } from "fzstd";

import { joined } from "./deflate.js";
import { DecodeError, LimitExceeded } from "./errors.js";
import { xxh64Low } from "./xxhash.js";

/** @typedef {import("./deflate.js").Allowed} Allowed */

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const [RLE, COMPRESSED] = [1, 2];
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** The largest block that the format has. */
const MAX_BLOCK_BYTES = 2 ** 17;

/**
 * Each block costs some microseconds, whatever is in it. An encoder makes blocks of 128 KiB, and smaller ones where
 * that saves bytes; this many for each KiB of content would not.
 */
const SPARE_BLOCKS = 64;

/**
 * Return what one Zstandard frame contains; fzstd knows no dictionaries.
 *
 * The frame is looked through before fzstd sees it, and what comes out afterwards: fzstd takes frames that are cut short,
 * that go on after their end, that do not contain what their header declares, and that do not add up.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole frame and nothing else.
 */
export function unzstd(bytes, allowed) {
  const { codec, maxBytes } = allowed;
  const header = readHeader(bytes, allowed);
  checkBlocks(bytes, header, allowed);
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  const stream = new Decompress((part) => {
    parts.push(part);
    size += part.length;
    if (size > maxBytes) throw new LimitExceeded(codec, "maxDecodedBytes", maxBytes, size);
  });
  try {
    stream.push(bytes, true);
  } catch (error) {
    throw error instanceof DecodeError ? error : new DecodeError(codec, /** @type {Error} */ (error).message);
  }
  if (header.size !== null && size !== header.size) {
    throw new DecodeError(codec, `${header.size} bytes were declared, ${size} came out`);
  }
  const plain = joined(parts, size);
  if (header.hasChecksum && xxh64Low(plain) !== checksumAtEnd(bytes)) {
    throw new DecodeError(codec, "the frame's checksum is wrong");
  }
  return plain;
}

/** @param {Uint8Array} bytes */
function checksumAtEnd(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - CHECKSUM_BYTES).getUint32(0, true);
}

/**
 * @typedef {object} Header
 * @property {number} end Where the blocks begin.
 * @property {number | null} size Of the content, as declared.
 * @property {boolean} hasChecksum
 */

/**
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Header}
 */
function readHeader(bytes, { codec, maxBytes, maxWindowBytes }) {
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw new DecodeError(codec, "not a zstd frame");
  const descriptor = bytes[4];
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  const end = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  if (bytes.length < end) throw new DecodeError(codec, "the zstd frame is cut short");
  if (descriptor & 0x08) throw new DecodeError(codec, "a reserved bit is set");
  if (dictionaryBytes > 0) throw new DecodeError(codec, "a dictionary that nobody sent");
  let size = sizeBytes === 2 ? 256 : 0;
  for (let at = 0; at < sizeBytes; at++) size += bytes[end - sizeBytes + at] * 256 ** at;
  if (size > maxBytes) throw new LimitExceeded(codec, "maxDecodedBytes", maxBytes, size);
  const base = 2 ** (10 + (bytes[5] >> 3));
  const windowBytes = isSingleSegment ? 0 : base + (base / 8) * (bytes[5] & 7);
  if (windowBytes > maxWindowBytes) throw new LimitExceeded(codec, "maxWindowBytes", maxWindowBytes, windowBytes);
  return { end, size: sizeBytes > 0 ? size : null, hasChecksum: (descriptor & 0x04) !== 0 };
}

/**
 * Refuse a frame whose blocks are cut short, or are not followed by its end, or are only there to cost something.
 *
 * @param {Uint8Array} bytes
 * @param {Header} header
 * @param {Allowed} allowed
 */
function checkBlocks(bytes, { end, size, hasChecksum }, { codec, maxBytes }) {
  const maxBlocks = SPARE_BLOCKS + (size ?? maxBytes) / 2 ** 10;
  let at = end;
  for (let blocks = 1, isLast = false; !isLast; blocks++) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) throw new DecodeError(codec, "the zstd frame is cut short");
    const header = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    const [kind, blockBytes] = [(header >> 1) & 3, header >> 3];
    isLast = (header & 1) !== 0;
    if (kind > COMPRESSED) throw new DecodeError(codec, "a reserved kind of block");
    if (blockBytes > MAX_BLOCK_BYTES) throw new DecodeError(codec, `a block of ${blockBytes} bytes`);
    if (blocks > maxBlocks) throw new DecodeError(codec, "more blocks than its content needs");
    at += BLOCK_HEADER_BYTES + (kind === RLE ? 1 : blockBytes);
  }
  if (hasChecksum) at += CHECKSUM_BYTES;
  if (at > bytes.length) throw new DecodeError(codec, "the zstd frame is cut short");
  if (at < bytes.length) throw new DecodeError(codec, "bytes follow the zstd frame");
}
