/** How large a message may be for the server that gets it. */

import { MessageTooLarge } from "./errors.js";

/** python-engineio's own `max_http_buffer_size`; counts until a handshake says what this server's is. */
const MAX_PAYLOAD_BYTES = 1_000_000;

/** Engine.IO's and Socket.IO's types, the comma after the namespace and the id of an acknowledgement take less. */
const PACKET_BYTES = 32;

const UTF8 = new TextEncoder();

/**
 * Refuse a message for which the server would cut the connection.
 *
 * @param {any} socket What `io()` returned.
 * @param {string} event
 * @param {object} message
 * @throws {MessageTooLarge}
 */
export function refuseTooLarge(socket, event, message) {
  const allowed = maxPayloadBytes(socket);
  const size = UTF8.encode(JSON.stringify([event, message]) + (socket.nsp ?? "")).length + PACKET_BYTES;
  if (size > allowed) throw new MessageTooLarge(`a ${event} message`, "maxPayload", allowed, size);
}

/** @param {any} socket */
function maxPayloadBytes({ io }) {
  // Said in Engine.IO's handshake; engine.io-client keeps it under one of these names, neither of them documented.
  const said = io?.engine?._maxPayload ?? io?.engine?.maxPayload;
  return said > 0 ? said : MAX_PAYLOAD_BYTES;
}
