/** CRC-32, as zlib, gzip and PNG have it. Source: RFC 1952, section 8. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/**
 * Return the CRC-32 of `bytes`, or, of several pieces, of all of them.
 *
 * @param {Uint8Array} bytes
 * @param {number} [before] The CRC-32 of what came before.
 * @returns {number} From 0 to 2^32 - 1.
 */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
