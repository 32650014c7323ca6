/**
 * Return what the hubs of `socket` share: the same for the same socket.
 *
 * @param {object} socket
 * @returns {SharedSocket}
 */
export function sharedBy(socket: object): SharedSocket;
/** The hubs of one socket, together. */
declare class SharedSocket {
    /** Return the id of a request: no hub of the socket had it before, so an answer fits one question alone. */
    nextRequest: () => string;
    /** A hub has a channel. @param {string} channel */
    enter(channel: string): void;
    /**
     * A hub no longer has a channel that it had.
     *
     * @param {string} channel
     * @returns {boolean} Whether no other hub has it.
     */
    leave(channel: string): boolean;
    #private;
}
export {};
