/**
 * Refuse a message for which the server would cut the connection.
 *
 * @param {any} socket What `io()` returned.
 * @param {string} event
 * @param {object} message
 * @throws {MessageTooLarge}
 */
export function refuseTooLarge(socket: any, event: string, message: object): void;
