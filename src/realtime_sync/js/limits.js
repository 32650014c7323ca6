/** How much a stranger, or a mistake, may cost. */

/**
 * Bounds on what is decoded; the same names, in JavaScript's spelling, and the same values as Python's `Limits`.
 *
 * @typedef {object} Limits
 * @property {number} maxEncodedBytes Bytes of one frame as it arrives, all its parts together, before it is decompressed.
 * @property {number} maxDecodedBytes Bytes of one frame after decompression.
 * @property {number} maxElements Values (containers and scalars) in one frame: `{},` is 3 bytes on the wire, and twenty
 *   times as many in memory.
 * @property {number} maxDepth Containers inside containers in a document; at most 240.
 * @property {number} maxOperations Operations in one patch.
 * @property {number} maxWindowBytes Memory that a zstd frame may ask for beside its content: 8 MiB, the size that every
 *   decoder should support.
 * @property {number} maxDictionaryBytes Bytes of a dictionary: 32 KiB, as far as DEFLATE can look back.
 */

/** @type {Readonly<Limits>} */
export const DEFAULT_LIMITS = Object.freeze({
  maxEncodedBytes: 16 * 2 ** 20,
  maxDecodedBytes: 16 * 2 ** 20,
  maxElements: 500_000,
  maxDepth: 200,
  maxOperations: 100_000,
  maxWindowBytes: 8 * 2 ** 20,
  maxDictionaryBytes: 32 * 2 ** 10,
});

/** What a server can write (orjson refuses more, and a frame has levels of its own). */
const HIGHEST_DEPTH = 240;

/** Containers that a frame puts around a value: of the compact form, itself, its extra, the events and one of them. */
export const ENVELOPE_DEPTH = 4;

/**
 * Return the default limits with some of them changed by name.
 *
 * @param {Partial<Limits>} [changed]
 * @returns {Readonly<Limits>}
 * @throws {RangeError} There is no limit of that name, or it is not a count from 1.
 */
export function limitsWith(changed = {}) {
  for (const [name, value] of Object.entries(changed)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new RangeError(`no limit is called ${name}`);
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} is a count from 1, not ${value}`);
  }
  if ((changed.maxDepth ?? 0) > HIGHEST_DEPTH) throw new RangeError(`maxDepth is at most ${HIGHEST_DEPTH}`);
  return Object.freeze({ ...DEFAULT_LIMITS, ...changed });
}
