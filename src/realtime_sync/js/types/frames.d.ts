/** @typedef {typeof OUTCOMES[number]} Outcome */
/**
 * What the server says about a request, beside the frame that it may come with.
 *
 * @typedef {object} Answer
 * @property {Outcome} outcome
 * @property {string | null} request The id that is answered; null when the server speaks unasked.
 * @property {string | null} codec Codec of this body and all later ones; null when not subscribed.
 * @property {Position | null} position Where the channel stands, for `up_to_date` and `waiting`.
 * @property {string} message Text for a human.
 * @property {number} dropped Events that were missed, and that the frame beside it does not say.
 * @property {number} serial Of the channel's last lossless event, for `waiting`; 0: there was none.
 */
/**
 * Tell whether an outcome means that the server will not serve this channel.
 *
 * @param {Outcome} outcome
 * @returns {boolean}
 */
export function isRefusal(outcome: Outcome): boolean;
/**
 * Tell whether an outcome means that the server will serve this channel, but not now.
 *
 * @param {Outcome} outcome
 * @returns {boolean}
 */
export function isForNow(outcome: Outcome): boolean;
/**
 * Return the frame that a decoded object means; its values are shared, members that PROTOCOL.md does not know ignored.
 *
 * @param {unknown} value
 * @param {Limits} [limits]
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame, or its patch has more operations than `limits` allows.
 */
export function parseFrame(value: unknown, limits?: Limits): Frame;
/**
 * @param {unknown} epoch
 * @param {unknown} base
 * @param {unknown} offset
 * @param {Operation[]} patch
 * @param {Record<string, any>} extra Perhaps `events`, `dropped` and `check`; nothing inherited.
 * @param {Limits} limits
 * @returns {Delta}
 */
export function makeDelta(epoch: unknown, base: unknown, offset: unknown, patch: Operation[], extra: Record<string, any>, limits: Limits): Delta;
/**
 * @param {unknown} epoch
 * @param {unknown} offset
 * @param {unknown} document
 * @param {Record<string, any>} extra Perhaps `events`, `dropped` and `serial`; nothing inherited.
 * @returns {Keyframe}
 */
export function makeKeyframe(epoch: unknown, offset: unknown, document: unknown, extra: Record<string, any>): Keyframe;
/**
 * @param {unknown} epoch
 * @param {unknown} reason
 * @param {Record<string, any>} extra Perhaps `serial`; nothing inherited.
 * @returns {Closed}
 */
export function makeClosed(epoch: unknown, reason: unknown, extra: Record<string, any>): Closed;
/**
 * @param {number} count Of operations, or of what costs as much.
 * @param {Limits} limits
 */
export function refuseManyOperations(count: number, { maxOperations }: Limits): void;
/**
 * Return the answer that the third argument of `batch_update` means.
 *
 * @param {unknown} value
 * @returns {Answer}
 * @throws {ProtocolError} It is none.
 */
export function parseAnswer(value: unknown): Answer;
/**
 * Return `value` without a prototype, so that no member is inherited.
 *
 * @param {unknown} value
 * @param {string} what
 * @returns {Record<string, any>}
 */
export function members(value: unknown, what: string): Record<string, any>;
/**
 * @param {boolean} holds
 * @param {string} rule
 * @param {unknown} found
 * @returns {asserts holds}
 */
export function require(holds: boolean, rule: string, found: unknown): asserts holds;
export type Outcome = (typeof OUTCOMES)[number];
/**
 * What the server says about a request, beside the frame that it may come with.
 */
export type Answer = {
    outcome: Outcome;
    /**
     * The id that is answered; null when the server speaks unasked.
     */
    request: string | null;
    /**
     * Codec of this body and all later ones; null when not subscribed.
     */
    codec: string | null;
    /**
     * Where the channel stands, for `up_to_date` and `waiting`.
     */
    position: Position | null;
    /**
     * Text for a human.
     */
    message: string;
    /**
     * Events that were missed, and that the frame beside it does not say.
     */
    dropped: number;
    /**
     * Of the channel's last lossless event, for `waiting`; 0: there was none.
     */
    serial: number;
};
export type Limits = import("./limits.js").Limits;
export type Position = import("./position.js").Position;
export type Operation = import("./patch.js").Operation;
/**
 * Something that happened, for the application; of a lossless
 * event also its number: 1, 2, 3, ... in one epoch.
 */
export type Event = [name: string, data: any, serial?: number];
/**
 * The whole document at (epoch, offset).
 */
export type Keyframe = {
    type: "keyframe";
    epoch: string;
    offset: number;
    document: any;
    events: Event[];
    /**
     * Events that were left out.
     */
    dropped: number;
    /**
     * Of the channel's last lossless event up to `offset`; absent: there was none.
     */
    serial?: number;
};
/**
 * What some values of the document must add up to once a delta is applied.
 */
export type Check = {
    /**
     * The checksum of the values at `pointers`, in their order.
     */
    crc32: number;
    pointers: string[];
};
/**
 * The patch from `base` to `offset`, both of `epoch`.
 */
export type Delta = {
    type: "delta";
    epoch: string;
    base: number;
    offset: number;
    patch: Operation[];
    events: Event[];
    /**
     * Events that were left out.
     */
    dropped: number;
    check?: Check;
};
/**
 * The channel was deleted; no frame of `epoch` follows.
 */
export type Closed = {
    type: "closed";
    epoch: string;
    reason: string;
    serial?: number;
};
export type Frame = Keyframe | Delta | Closed;
declare const OUTCOMES: readonly ["up_to_date", "patch", "keyframe", "waiting", "unavailable", "too_slow", "forbidden", "upgrade_required", "too_many_channels", "invalid"];
export {};
