/** Random values that are the same in every run. */

/**
 * Return a function that draws from [0, 1). Source: mulberry32, public domain.
 *
 * @param {number} seed
 */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draw one of `choices`. */
export const pick = (random, choices) => choices[Math.floor(random() * choices.length)];

/** Draw a JSON value of few different ones, so that two of them are often equal in part. */
export function sample(random, depth) {
  const kind = depth === 0 ? 0 : random();
  if (kind < 0.4) return pick(random, [null, true, false, 0, 1, "", "1", "text"]);
  const size = Math.floor(random() * 4);
  if (kind < 0.6) return Array.from({ length: size }, () => sample(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length: size }, () => [pick(random, ["a", "b", "", "1"]), sample(random, depth - 1)]),
  );
}
