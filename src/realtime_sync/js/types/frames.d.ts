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
 */
/**
 * Tell whether an outcome means that the server will not serve this channel.
 *
 * @param {Outcome} outcome
 * @returns {boolean}
 */
export function isRefusal(outcome: Outcome): boolean;
/**
 * Return the frame that a decoded object means; its values are shared, members that PROTOCOL.md does not know ignored.
 *
 * @param {unknown} value
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame.
 */
export function parseFrame(value: unknown): Frame;
/**
 * Return the answer that the third argument of `batch_update` means.
 *
 * @param {unknown} value
 * @returns {Answer}
 * @throws {ProtocolError} It is none.
 */
export function parseAnswer(value: unknown): Answer;
/** Operations in one patch; as in Python's `Limits`. */
export const MAX_OPERATIONS: 100000;
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
};
export type Position = import("./position.js").Position;
export type Operation = import("./patch.js").Operation;
/**
 * Something that happened, for the application.
 */
export type Event = [name: string, data: any];
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
};
/**
 * The channel was deleted; no frame of `epoch` follows.
 */
export type Closed = {
    type: "closed";
    epoch: string;
    reason: string;
};
export type Frame = Keyframe | Delta | Closed;
declare const OUTCOMES: readonly ["up_to_date", "patch", "keyframe", "waiting", "unavailable", "forbidden", "upgrade_required", "too_many_channels", "invalid"];
export {};
