/**
 * Return the CRC-32 of `bytes`, or, of several pieces, of all of them.
 *
 * @param {Uint8Array} bytes
 * @param {number} [before] The CRC-32 of what came before.
 * @returns {number} From 0 to 2^32 - 1.
 */
export function crc32(bytes: Uint8Array, before?: number): number;
