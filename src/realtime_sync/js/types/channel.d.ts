/**
 * What stands behind a `Channel`: the replica, and those who want to know what happens to it.
 *
 * @template [T=any] The document.
 */
export class Subscription<T = any> {
    /**
     * @param {string} name
     * @param {Connection} connection
     */
    constructor(name: string, connection: Connection);
    /** @readonly */
    readonly name: string;
    /**
     * The document, undefined before the first.
     *
     * The same object until something changes; then parts that did not change are the same objects. Do not change it.
     *
     * @returns {T | undefined}
     */
    getSnapshot: () => T | undefined;
    /**
     * What a page rendered on a server shows: nothing yet.
     *
     * @returns {T | undefined}
     */
    getServerSnapshot: () => T | undefined;
    /**
     * Call `listener` after every frame and every change of `status`.
     *
     * @param {() => void} listener
     * @returns {() => void} Ends it.
     */
    subscribe: (listener: () => void) => () => void;
    /**
     * Call `fn` when the value at a JSON Pointer changed; undefined is a value that is not there.
     *
     * @param {string} pointer
     * @param {(value: any, previous: any) => void} fn
     * @returns {() => void} Ends it.
     */
    select: (pointer: string, fn: (value: any, previous: any) => void) => () => void;
    /**
     * Call `fn` when the server emits `event` on this channel; the snapshot is at least as new.
     *
     * Three names are the client's own, as in Python:
     *
     * - `"sync:dropped"`: so many events were left out;
     * - `"sync:lost"`: lossless events `{epoch, first, last}` will not come; `last` null: the server began anew, nobody knows
     *   how many;
     * - `"sync:resync"`: the snapshot is the newest again, after it was not: `{reason, fromPosition, toPosition}`.
     *
     * @param {string} event A name, or `"*"` for every event that the server emits.
     * @param {(data: any, name: string) => void} fn
     * @returns {() => void} Ends it.
     */
    on: (event: string, fn: (data: any, name: string) => void) => () => void;
    /**
     * Wait until the snapshot is live.
     *
     * @returns {Promise<T>} Rejects with `SubscriptionRefused` or `ChannelClosed`.
     */
    ready: () => Promise<T>;
    /**
     * Fetch one value from the server, also one that the snapshot holds only a reference to.
     *
     * @param {string} pointer A JSON Pointer.
     * @returns {Promise<any>} Rejects with `FetchFailed`, or with `MessageTooLarge` for a value or a pointer that is
     *   larger than a message.
     */
    fetch: (pointer: string) => Promise<any>;
    /** Undo one `hub.channel(name)`; the last one unsubscribes. */
    close: () => void;
    /** @returns {Status} */
    get status(): Status;
    /** Where the snapshot stands in the channel's log; null while nothing is known. @returns {Position | null} */
    get position(): Position | null;
    /** What went wrong last; null while nothing is wrong. @returns {SyncError | null} */
    get error(): SyncError | null;
    /** The connection is up: subscribe. */
    connected(): void;
    /** The connection is down. */
    disconnected(): void;
    /**
     * There is no connection: ask over plain HTTP, if that was asked for.
     *
     * @param {boolean} atOnce Whether the first question is due now, and not after an interval.
     */
    pollMeanwhile(atOnce: boolean): void;
    /**
     * @param {Frame} frame
     * @param {number} sizeBytes
     * @param {Answer | null} answer
     */
    receiveFrame(frame: Frame, sizeBytes: number, answer: Answer | null): void;
    /** @param {Answer} answer It came without a frame. */
    receiveAnswer(answer: Answer): void;
    /**
     * @param {SyncError} error
     * @param {Answer | null} answer
     */
    receiveGarbage(error: SyncError, answer: Answer | null): void;
    /**
     * A frame came that needs a dictionary which is not here.
     *
     * @param {SyncError} error
     * @param {Answer | null} answer
     */
    receiveUnknownDictionary(error: SyncError, answer: Answer | null): void;
    /** @param {Answer | null} answer What the part belongs to. */
    receivePart(answer: Answer | null): void;
    /** The last user is gone. */
    end(): void;
    #private;
}
export type Connection = import("./hub.js").Connection;
export type Answer = import("./frames.js").Answer;
export type Frame = import("./frames.js").Frame;
export type Position = import("./position.js").Position;
export type Happening = import("./replica.js").Happening;
/**
 * What may be claimed about a channel's snapshot.
 *
 * - `empty`: there is none yet
 * - `live`: it is the server's document, or was a moment ago, where polls replace a connection that is down
 * - `stale`: it was, and the newest is on its way
 * - `offline`: the connection is down, and no poll was answered for two intervals; Socket.IO reconnects
 * - `waiting`: subscribed, and the server has no document yet
 * - `forbidden`: the server refused; `error` says why
 * - `closed`: the server deleted the channel, or it was closed here; `error` says which
 */
export type Status = "empty" | "live" | "stale" | "offline" | "waiting" | "forbidden" | "closed";
/**
 * A live document, as `hub.channel(name)` returns it. Every method is bound: `const { subscribe } = channel` works.
 */
export type Channel<T = any> = Pick<Subscription<T>, "name" | "subscribe" | "getSnapshot" | "getServerSnapshot" | "select" | "on" | "status" | "position" | "error" | "ready" | "fetch" | "close">;
import { SyncError } from "./errors.js";
