/** What the hubs of one socket have in common: to the server they are one client. */

import { counter } from "./replica.js";

/** The hubs of one socket, together. */
class SharedSocket {
  /** Return the id of a request: no hub of the socket had it before, so an answer fits one question alone. */
  nextRequest = counter();
  /** How many hubs have each channel. @type {Map<string, number>} */
  #uses = new Map();

  /** A hub has a channel. @param {string} channel */
  enter(channel) {
    this.#uses.set(channel, (this.#uses.get(channel) ?? 0) + 1);
  }

  /**
   * A hub no longer has a channel that it had.
   *
   * @param {string} channel
   * @returns {boolean} Whether no other hub has it.
   */
  leave(channel) {
    const others = (this.#uses.get(channel) ?? 1) - 1;
    if (others > 0) this.#uses.set(channel, others);
    else this.#uses.delete(channel);
    return others === 0;
  }
}

/** @type {WeakMap<object, SharedSocket>} */
const shared = new WeakMap();

/**
 * Return what the hubs of `socket` share: the same for the same socket.
 *
 * @param {object} socket
 * @returns {SharedSocket}
 */
export function sharedBy(socket) {
  const known = shared.get(socket) ?? new SharedSocket();
  shared.set(socket, known);
  return known;
}
