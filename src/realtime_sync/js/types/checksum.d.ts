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
export function checksum(document: any, pointers: readonly string[]): number | null;
