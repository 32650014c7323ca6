/** Return a function that returns "1", "2", ... */
export function counter(): () => string;
/**
 * @typedef {import("./backoff.js").Backoff} Backoff
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Keyframe} Keyframe
 * @typedef {import("./frames.js").Delta} Delta
 * @typedef {import("./frames.js").Closed} Closed
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./lossless_hearing.js").Heard} Heard
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./resynchronizing.js").Resynced} Resynced
 */
/**
 * What a replica may claim about its document.
 *
 * @typedef {"empty" | "live" | "stale" | "closed"} State
 */
/**
 * A frame as the replica's position sees it.
 *
 * @typedef {"keyframe_my_epoch" | "keyframe_other_epoch" | "delta_next" | "delta_old" | "delta_other"} Arrival
 */
/** @typedef {"apply" | "apply_if_newer" | "apply_if_answer" | "drop" | "ask" | "go_stale"} Action */
/**
 * The only truth about applying; PROTOCOL.md, section 5, prints it.
 *
 * @type {Readonly<Record<State, Readonly<Record<Arrival, Action>>>>}
 */
export const TABLE: Readonly<Record<State, Readonly<Record<Arrival, Action>>>>;
/** Why a request was opened by the caller, not by the replica. */
export const SUBSCRIBING: "subscribing";
/** Why a request was repeated. */
export const NO_ANSWER: "no answer";
/**
 * The state machine of a subscriber's copy.
 *
 * Messages go in, happenings come out; the caller sends what `resync_needed` asks for, and calls `tick` at `deadline`.
 * Every `now` is in seconds, of any clock that never goes back.
 *
 *     const replica = new Replica();
 *     const asked = replica.request(now);      // send: sync:subscribe with asked.request, asked.position
 *     for (const happening of replica.receiveFrame(frame, answer, now)) ...
 */
export class Replica {
    /**
     * @param {object} [options]
     * @param {Backoff} [options.backoff] When an unanswered request is repeated.
     * @param {() => string} [options.nextRequest] Returns the id of a request: one that no other of the channel had on this
     *   connection, those of an earlier replica included.
     */
    constructor({ backoff, nextRequest }?: {
        backoff?: import("./backoff.js").Backoff | undefined;
        nextRequest?: (() => string) | undefined;
    });
    /** What may be claimed about the document. @type {State} */
    state: State;
    /** Where the document stands; offset 0 while waiting for the first; null when unknown. @type {Position | null} */
    position: Position | null;
    /** The last good document, in every state; undefined before the first. @type {any} */
    document: any;
    /**
     * Why the server will not serve this channel; null when it does.
     *
     * @type {{outcome: string, message: string} | null}
     */
    refusal: {
        outcome: string;
        message: string;
    } | null;
    /** Why the channel ended. @type {string | null} */
    closedReason: string | null;
    /** When to call `tick`, in seconds; null: not before the next message. @type {number | null} */
    deadline: number | null;
    /** Which lossless events the application has got, or knows to be lost; null before the first answer. */
    get heard(): import("./lossless_hearing.js").Heard | null;
    /** Whether the server said that the channel has no document yet. */
    get isWaiting(): boolean;
    /**
     * Open a request, in place of any other, and return it for the caller to send.
     *
     * @param {number} now
     * @param {string} [reason]
     * @returns {ResyncNeeded}
     */
    request(now: number, reason?: string): ResyncNeeded;
    /**
     * Ask again when `deadline` has passed.
     *
     * @param {number} now
     * @returns {Happening[]}
     */
    tick(now: number): Happening[];
    /** The connection is gone: no answer will come, and none is waited for until the next `request`. */
    disconnected(): void;
    /**
     * Judge a frame by the table, and act.
     *
     * @param {Frame} frame
     * @param {Answer | null} answer
     * @param {number} now
     * @returns {Happening[]}
     */
    receiveFrame(frame: Frame, answer: Answer | null, now: number): Happening[];
    /**
     * Take an answer that came without a frame.
     *
     * @param {Answer} answer
     * @param {number} now
     * @returns {Happening[]}
     */
    receiveAnswer(answer: Answer, now: number): Happening[];
    /**
     * Something came that is no frame: whatever it said is lost.
     *
     * @param {Error} error
     * @param {Answer | null} answer
     * @param {number} now
     * @returns {Happening[]}
     */
    receiveGarbage(error: Error, answer: Answer | null, now: number): Happening[];
    /**
     * A frame came that needs a dictionary: what is held is as good as before, but that one is missing.
     *
     * @param {Error} error
     * @param {Answer | null} answer
     * @param {number} now
     * @returns {Happening[]}
     */
    receiveUnknownDictionary(error: Error, answer: Answer | null, now: number): Happening[];
    /**
     * A part of a frame came: while an answer arrives, it is not asked for again.
     *
     * @param {Answer | null} answer
     * @param {number} now
     * @returns {Happening[]}
     */
    receivePart(answer: Answer | null, now: number): Happening[];
    #private;
}
export type Backoff = import("./backoff.js").Backoff;
export type Frame = import("./frames.js").Frame;
export type Keyframe = import("./frames.js").Keyframe;
export type Delta = import("./frames.js").Delta;
export type Closed = import("./frames.js").Closed;
export type Answer = import("./frames.js").Answer;
export type Heard = import("./lossless_hearing.js").Heard;
export type Operation = import("./patch.js").Operation;
export type Position = import("./position.js").Position;
export type Resynced = import("./resynchronizing.js").Resynced;
/**
 * What a replica may claim about its document.
 */
export type State = "empty" | "live" | "stale" | "closed";
/**
 * A frame as the replica's position sees it.
 */
export type Arrival = "keyframe_my_epoch" | "keyframe_other_epoch" | "delta_next" | "delta_old" | "delta_other";
export type Action = "apply" | "apply_if_newer" | "apply_if_answer" | "drop" | "ask" | "go_stale";
/**
 * What happened to a replica, in order. `resync_needed` asks the caller to send a request.
 */
export type Happening = {
    type: "snapshot_replaced";
    document: any;
    position: Position;
} | {
    type: "patch_applied";
    patch: Operation[];
    document: any;
    position: Position;
} | {
    type: "event_received";
    name: string;
    data: any;
} | {
    type: "events_dropped";
    count: number;
} | {
    type: "events_lost";
    epoch: string;
    first: number;
    last: number | null;
} | {
    type: "checksum_mismatch";
    position: Position;
    pointers: string[];
} | {
    type: "resync_needed";
    request: string;
    position: Position | null;
    heard: Heard | null;
    reason: string;
} | Resynced | {
    type: "state_changed";
    state: State;
} | {
    type: "refused";
    outcome: string;
    message: string;
} | {
    type: "channel_ended";
    reason: string;
};
export type ResyncNeeded = Extract<Happening, {
    type: "resync_needed";
}>;
export type Question = {
    id: string;
    position: Position | null;
};
