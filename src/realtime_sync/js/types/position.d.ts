/**
 * One place in the life of a channel: always both parts, never one alone.
 *
 * Why the epoch: a log holding frames 1, 2, 3 is lost and a new one reaches 4. A replica at 3 that compared offsets
 * alone would take frame 4 and never see the new 1, 2, 3.
 *
 * @typedef {{readonly epoch: string, readonly offset: number}} Position
 */
/** @typedef {[epoch: string, offset: number]} WirePosition */
/**
 * @param {unknown} epoch
 * @returns {epoch is string}
 */
export function isEpoch(epoch: unknown): epoch is string;
/**
 * @param {unknown} offset
 * @returns {offset is number}
 */
export function isOffset(offset: unknown): offset is number;
/**
 * Return the position that `[epoch, offset]` means.
 *
 * @param {unknown} value
 * @returns {Position}
 * @throws {ProtocolError} It is anything else.
 */
export function parsePosition(value: unknown): Position;
/**
 * Return `[epoch, offset]`, or null for no position.
 *
 * @param {Position | null} position
 * @returns {WirePosition | null}
 */
export function toWire(position: Position | null): WirePosition | null;
/**
 * @param {Position | null} a
 * @param {Position | null} b
 * @returns {boolean}
 */
export function samePosition(a: Position | null, b: Position | null): boolean;
/**
 * One place in the life of a channel: always both parts, never one alone.
 *
 * Why the epoch: a log holding frames 1, 2, 3 is lost and a new one reaches 4. A replica at 3 that compared offsets
 * alone would take frame 4 and never see the new 1, 2, 3.
 */
export type Position = {
    readonly epoch: string;
    readonly offset: number;
};
export type WirePosition = [epoch: string, offset: number];
