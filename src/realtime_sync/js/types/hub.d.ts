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
 * @typedef {import("./frames.js").Frame} Frame
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
    constructor(socket: SocketLike, { codecs, backoff, clock }: Options);
    /** @type {Stats} */
    stats: Stats;
    /**
     * Return the live document of that name: the same object until every call was undone by `channel.close()`.
     *
     * @template [T=any] The document.
     * @param {string} name
     * @returns {Channel<T>}
     */
    channel<T = any>(name: string): Channel<T>;
    /** Close every channel and leave the socket, which stays as it is: it belongs to the application. */
    close(): void;
    #private;
}
export type Channel<T = any> = import("./channel.js").Channel<T>;
export type Backoff = import("./backoff.js").Backoff;
export type Answer = import("./frames.js").Answer;
export type Frame = import("./frames.js").Frame;
export type Happening = import("./replica.js").Happening;
export type ResyncNeeded = import("./replica.js").ResyncNeeded;
/**
 * What a hub needs of a socket; `io()` of socket.io-client returns one, whatever its types of events.
 */
export type SocketLike = {
    connected: boolean;
    on: (event: any, listener: any) => unknown;
    off: (event: any, listener: any) => unknown;
    emit: (event: any, ...args: any[]) => unknown;
    timeout: (ms: number) => {
        emit: (event: any, ...args: any[]) => unknown;
    };
};
/**
 * How the bytes of a frame become an object. `json` needs none: its frames are objects already.
 */
export type Codec = {
    /**
     * As the server calls it, for instance `"json+gzip"`.
     */
    name: string;
    /**
     * Throws when the bytes are not of this codec.
     */
    decode: (bytes: Uint8Array) => unknown;
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
     * In order of preference; `"json"` always works.
     */
    codecs?: readonly ("json" | Codec)[];
    /**
     * When a request without an answer is repeated.
     */
    backoff?: Backoff;
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
     * Size of the frames that came as bytes; null while none did (codec `json`).
     */
    bytes: number | null;
    /**
     * How often a document was found to be no longer the newest.
     */
    gaps: number;
    /**
     * Requests beyond the first of each channel and connection.
     */
    resyncs: number;
    /**
     * Messages that could not be read.
     */
    garbage: number;
    /**
     * Events that the server says it left out.
     */
    droppedEvents: number;
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
    request: (channel: string, request: ResyncNeeded, isSubscribed: boolean) => void;
    /**
     * Undefined: no answer came.
     */
    ask: (event: string, message: object, timeoutMs: number) => Promise<any>;
    count: (happenings: Happening[]) => void;
    release: (subscription: Subscription) => void;
};
import { Subscription } from "./channel.js";
