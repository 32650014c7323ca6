/**
 * Keep documents in step with a server, over a Socket.IO connection.
 *
 *     const hub = connect(io());
 *     const project = hub.channel("project_42");
 *     project.subscribe(() => render(project.getSnapshot(), project.status));
 *
 * @param {SocketLike} socket What `io()` returned, connected or not. It stays the application's.
 * @param {Options} [options]
 * @returns {Hub}
 */
export function connect(socket: SocketLike, options?: Options): Hub;
/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */
/**
 * @typedef {import("./backoff.js").Backoff} Backoff
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./codec.js").Codec} Codec
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./poll.js").Poll} Poll
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./replica.js").Happening} Happening
 * @typedef {import("./replica.js").ResyncNeeded} ResyncNeeded
 */
/** The version of PROTOCOL.md that this package speaks. */
export const WIRE_VERSION: 1;
/** All channels of one connection; `connect` makes it. */
export class Hub {
    /**
     * @param {SocketLike} socket
     * @param {Options} options
     */
    constructor(socket: SocketLike, { codecs, limits, backoff, poll, clock }: Options);
    /** @type {Stats} */
    stats: Stats;
    /**
     * Return the live document of that name: the same object until every call was undone by `channel.close()`.
     *
     * @template [T=any] The document.
     * @param {string} name
     * @returns {Channel<T>}
     * @throws {SyncError} The hub is closed, or the name is none; `MessageTooLarge`: for a name of that length the server
     *   would cut the connection.
     */
    channel<T = any>(name: string): Channel<T>;
    /** Whether channels are asked for over plain HTTP: the connection is down, and Socket.IO tries to come back. */
    get isPolling(): boolean;
    /** Close every channel and leave the socket, which stays as it is: it belongs to the application. */
    close(): void;
    #private;
}
export type Channel<T = any> = import("./channel.js").Channel<T>;
export type Backoff = import("./backoff.js").Backoff;
export type Answer = import("./frames.js").Answer;
export type Codec = import("./codec.js").Codec;
export type Limits = import("./limits.js").Limits;
export type Poll = import("./poll.js").Poll;
export type Position = import("./position.js").Position;
export type Happening = import("./replica.js").Happening;
export type ResyncNeeded = import("./replica.js").ResyncNeeded;
/**
 * What a hub needs of a socket; `io()` of socket.io-client returns one, whatever its types of events.
 */
export type SocketLike = {
    connected: boolean;
    /**
     * False when Socket.IO does not try to come back.
     */
    active?: boolean;
    /**
     * What is passed when connecting: a value, or a function that passes one to its argument.
     */
    auth?: unknown;
    on: (event: any, listener: any) => unknown;
    off: (event: any, listener: any) => unknown;
    emit: (event: any, ...args: any[]) => unknown;
    timeout: (ms: number) => {
        emit: (event: any, ...args: any[]) => unknown;
    };
};
/**
 * Time, in seconds; a test supplies its own.
 */
export type Clock = {
    /**
     * Never goes back.
     */
    now: () => number;
    setTimer: (fn: () => void, delayS: number) => unknown;
    clearTimer: (timer: any) => void;
};
export type Options = {
    /**
     * In order of preference; `"json"` always works. Unless given: what makes
     * the smallest frames with the smallest decoder.
     */
    codecs?: readonly ("json" | Codec)[];
    /**
     * Bounds on what is decoded, where they differ from the default ones.
     */
    limits?: Partial<Limits>;
    /**
     * When a request without an answer is repeated.
     */
    backoff?: Backoff;
    /**
     * Whom to ask over plain HTTP while Socket.IO tries to connect; unless given: nobody.
     */
    poll?: Poll;
    clock?: Clock;
};
/**
 * What has happened since `connect`, over all channels.
 */
export type Stats = {
    /**
     * Frames that were applied.
     */
    frames: number;
    /**
     * Of these, whole documents.
     */
    keyframes: number;
    /**
     * Of these, patches.
     */
    patches: number;
    /**
     * Size of the frames that came as bytes or in parts; null while none did.
     */
    bytes: number | null;
    /**
     * Size of the dictionaries that came.
     */
    dictionaryBytes: number;
    /**
     * Milliseconds from the last question to its answer, what the server did for it
     * included; null before one.
     */
    latencyMs: number | null;
    /**
     * Questions that were asked over plain HTTP.
     */
    polls: number;
    /**
     * How often a document was found to be no longer the newest.
     */
    gaps: number;
    /**
     * Requests beyond the first of each channel and connection.
     */
    resyncs: number;
    /**
     * Times that the server was told how far a channel was read.
     */
    acks: number;
    /**
     * Messages that could not be read.
     */
    garbage: number;
    /**
     * Events that were lost: left out by the server, or with a patch that could not be applied.
     */
    droppedEvents: number;
    /**
     * Lossless events that will not come; those of a server that began anew count as one.
     */
    lostEvents: number;
    /**
     * How often a document was found to be wrong, and a whole one asked for.
     */
    checksumMismatches: number;
};
/**
 * What a request names as held.
 */
export type Held = {
    position: import("./position.js").WirePosition | null;
    /**
     * Of the lossless events: an epoch, and a number.
     */
    heard?: import("./position.js").WirePosition;
};
/**
 * What a channel may do with its connection.
 */
export type Connection = {
    backoff: Backoff;
    isOffline: boolean;
    now: Clock["now"];
    setTimer: Clock["setTimer"];
    clearTimer: Clock["clearTimer"];
    limits: Readonly<Limits>;
    /**
     * Null: nobody is asked over plain HTTP.
     */
    pollPace: Backoff | null;
    /**
     * Whether Socket.IO tries to connect.
     */
    mayPoll: () => boolean;
    post: (channel: string, request: ResyncNeeded) => Promise<Uint8Array>;
    nextRequest: () => string;
    request: (channel: string, request: ResyncNeeded, isSubscribed: boolean) => void;
    acknowledge: (channel: string, position: Position) => void;
    /**
     * Undefined: no answer came.
     */
    ask: (event: string, message: object, timeoutMs: number) => Promise<any>;
    count: (happenings: Happening[]) => void;
    release: (subscription: Subscription) => void;
};
import { Subscription } from "./channel.js";
