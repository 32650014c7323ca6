/**
 * Return the value that UTF-8 bytes of JSON mean: what JSON has, and what every other client could hold.
 *
 * @param {Uint8Array} bytes
 * @param {string} codec Its name, for the errors.
 * @param {Limits} limits
 * @returns {any}
 * @throws {DecodeError}
 */
export function decodeJson(bytes: Uint8Array, codec: string, limits: Limits): any;
/**
 * @param {number} elements
 * @param {string} codec
 * @param {Limits} limits
 */
export function refuseMany(elements: number, codec: string, limits: Limits): void;
/**
 * @param {number} depth
 * @param {string} codec
 * @param {Limits} limits
 */
export function refuseDeep(depth: number, codec: string, limits: Limits): void;
/**
 * Refuse a value, parsed by somebody else, that is no JSON, or larger or deeper than `limits` allows.
 *
 * @param {unknown} value
 * @param {string} codec
 * @param {Limits} limits
 * @throws {DecodeError}
 */
export function admitValue(value: unknown, codec: string, limits: Limits): void;
export type Limits = import("./limits.js").Limits;
