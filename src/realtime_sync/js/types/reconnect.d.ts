/**
 * What `reconnect` needs of a socket; `io()` of socket.io-client returns one.
 *
 * @typedef {object} ReconnectingSocket
 * @property {boolean} active False when the server sent it away, or the application disconnected it.
 * @property {() => unknown} connect
 * @property {(event: any, listener: any) => unknown} on
 * @property {(event: any, listener: any) => unknown} off
 */
/**
 * Connect a socket again whenever its connection is lost, after the delays of `backoff`.
 *
 *     const socket = io({ reconnection: false });
 *     reconnect(socket, new Backoff({ attempts: Infinity }));
 *
 * In place of Socket.IO's own reconnection, whose delays double and vary in both directions, whatever it is told.
 *
 * @param {ReconnectingSocket} socket Made with `reconnection: false`.
 * @param {Backoff} [backoff] 1 s, each further delay 1.5 times as long, up to 30 s and 30 % jitter, 10 attempts.
 * @param {{onGivingUp?: () => void, clock?: Pick<import("./hub.js").Clock, "setTimer" | "clearTimer">}} [options]
 *   `onGivingUp` is called after the last attempt failed; `socket.connect()` tries again.
 * @returns {() => void} Ends it.
 */
export function reconnect(socket: ReconnectingSocket, backoff?: Backoff, { onGivingUp, clock }?: {
    onGivingUp?: () => void;
    clock?: Pick<import("./hub.js").Clock, "setTimer" | "clearTimer">;
}): () => void;
/**
 * Return the options for `io()` that come closest to `backoff`, for those who leave reconnection to Socket.IO.
 *
 *     const socket = io(url, reconnectOptions());
 *
 * Socket.IO doubles its delay each time (there is no option for the factor), takes the jitter off as often as it adds
 * it, and keeps to the cap with the jitter included.
 *
 * @param {Backoff} [backoff]
 */
export function reconnectOptions({ baseS, capS, jitter, attempts }?: Backoff): {
    reconnection: boolean;
    reconnectionAttempts: number;
    reconnectionDelay: number;
    reconnectionDelayMax: number;
    randomizationFactor: number;
};
/**
 * What `reconnect` needs of a socket; `io()` of socket.io-client returns one.
 */
export type ReconnectingSocket = {
    /**
     * False when the server sent it away, or the application disconnected it.
     */
    active: boolean;
    connect: () => unknown;
    on: (event: any, listener: any) => unknown;
    off: (event: any, listener: any) => unknown;
};
import { Backoff } from "./backoff.js";
