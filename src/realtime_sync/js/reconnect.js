/** Coming back after a lost connection. */

import { Backoff } from "./backoff.js";

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
export function reconnect(socket, backoff = new Backoff(), { onGivingUp = () => {}, clock = TIMERS } = {}) {
  let failures = 0;
  /** @type {unknown} */
  let timer = null;
  const succeeded = () => {
    failures = 0;
    stopWaiting();
  };
  const lost = () => {
    if (!socket.active || timer !== null) return;
    if (failures >= backoff.attempts) {
      failures = 0;
      return onGivingUp();
    }
    timer = clock.setTimer(() => {
      timer = null;
      if (socket.active) socket.connect();
    }, backoff.delayS(failures++));
  };
  const stopWaiting = () => {
    clock.clearTimer(timer);
    timer = null;
  };
  const listeners = Object.entries({ connect: succeeded, disconnect: lost, connect_error: lost });
  for (const [event, listener] of listeners) socket.on(event, listener);
  return () => {
    stopWaiting();
    for (const [event, listener] of listeners) socket.off(event, listener);
  };
}

/** @type {Pick<import("./hub.js").Clock, "setTimer" | "clearTimer">} */
const TIMERS = {
  setTimer: (fn, delayS) => setTimeout(fn, delayS * 1000),
  clearTimer: (timer) => clearTimeout(timer),
};

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
export function reconnectOptions({ baseS, capS, jitter, attempts } = new Backoff()) {
  return {
    reconnection: attempts > 0,
    reconnectionAttempts: attempts,
    reconnectionDelay: 1000 * baseS,
    reconnectionDelayMax: 1000 * capS,
    randomizationFactor: Math.min(1, jitter),
  };
}
