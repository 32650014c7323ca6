/**
 * Return the lower 32 bits of the XXH64 of `bytes`, with seed 0.
 *
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function xxh64Low(bytes: Uint8Array): number;
