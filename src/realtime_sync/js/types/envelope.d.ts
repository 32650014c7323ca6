/**
 * Return what is in an envelope.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @param {(bytes: Uint8Array, allowed: Allowed) => Uint8Array} decompress
 * @param {((id: string) => Uint8Array | undefined) | null} dictionaryOf Null: this codec has no dictionaries.
 * @returns {Uint8Array}
 * @throws {DecodeError}
 */
export function openEnvelope(bytes: Uint8Array, allowed: Allowed, decompress: (bytes: Uint8Array, allowed: Allowed) => Uint8Array, dictionaryOf: ((id: string) => Uint8Array | undefined) | null): Uint8Array;
export type Allowed = import("./deflate.js").Allowed;
