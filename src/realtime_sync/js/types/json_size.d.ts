/**
 * Return about how many bytes `value` takes as JSON, looking no further once it is `enough`.
 *
 * A character counts as one byte, so that text in another script is up to three times as large.
 *
 * @param {unknown} value
 * @param {number} enough
 * @returns {number}
 */
export function estimateJsonSize(value: unknown, enough: number): number;
