/**
 * Return the frame that a decoded value means, in whichever of its two forms.
 *
 * @param {unknown} value
 * @param {Limits} limits
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame, or more than `limits` allows.
 */
export function readFrame(value: unknown, limits: Limits): Frame;
export type Frame = import("./frames.js").Frame;
export type Limits = import("./limits.js").Limits;
export type Operation = import("./patch.js").Operation;
