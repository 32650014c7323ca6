/** The checksum that a zstd frame may end with. Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md */

const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
];

/** @param {bigint} value */
const u64 = (value) => BigInt.asUintN(64, value);
/** @param {bigint} value @param {bigint} bits */
const rotate = (value, bits) => u64(value << bits) | (value >> (64n - bits));
/** @param {bigint} lane @param {bigint} input */
const round = (lane, input) => u64(rotate(u64(lane + input * P2), 31n) * P1);

/**
 * Return the lower 32 bits of the XXH64 of `bytes`, with seed 0.
 *
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function xxh64Low(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    const lanes = [u64(P1 + P2), P2, 0n, u64(-P1)];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane], view.getBigUint64(at + 8 * lane, true));
    }
    hash = lanes.reduce((sum, lane, index) => u64(sum + rotate(lane, [1n, 7n, 12n, 18n][index])), 0n);
    for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * P1 + P4);
  }
  hash = u64(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = u64(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  }
  for (; at + 4 <= bytes.length; at += 4) {
    hash = u64(rotate(hash ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
  }
  for (; at < bytes.length; at++) hash = u64(rotate(hash ^ u64(BigInt(bytes[at]) * P5), 11n) * P1);
  hash = u64((hash ^ (hash >> 33n)) * P2);
  hash = u64((hash ^ (hash >> 29n)) * P3);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}
