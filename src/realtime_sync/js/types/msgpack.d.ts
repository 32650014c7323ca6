/** @typedef {import("./limits.js").Limits} Limits */
/**
 * Return the value that MessagePack bytes mean.
 *
 * @param {Uint8Array} bytes
 * @param {string} codec Its name, for the errors.
 * @param {Limits} limits
 * @returns {any}
 * @throws {DecodeError} Too much, cut short, followed by other bytes, or something that JSON has not: binary and
 *   extension types, keys that are no strings, numbers that are not finite, integers beyond +-(2^53 - 1).
 */
export function decodeMsgpack(bytes: Uint8Array, codec: string, limits: Limits): any;
export type Limits = import("./limits.js").Limits;
