/** The first byte of a compressed message, which says how to read the rest. Source: PROTOCOL.md, section 4. */

import { DecodeError, LimitExceeded, UnknownDictionary } from "./errors.js";

/** @typedef {import("./deflate.js").Allowed} Allowed */

const [PLAIN, COMPRESSED, WITH_DICTIONARY] = [0x00, 0x01, 0x02];
const ID_BYTES = 4;

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
export function openEnvelope(bytes, allowed, decompress, dictionaryOf) {
  const { codec, maxBytes } = allowed;
  const content = bytes.subarray(1);
  switch (bytes[0]) {
    case PLAIN:
      if (content.length > maxBytes) throw new LimitExceeded(codec, "maxDecodedBytes", maxBytes, content.length);
      return content;
    case COMPRESSED:
      return decompress(content, allowed);
    case WITH_DICTIONARY: {
      if (dictionaryOf === null) break;
      if (content.length < ID_BYTES) throw new DecodeError(codec, "the envelope is cut short");
      const id = hex(content.subarray(0, ID_BYTES));
      const dictionary = dictionaryOf(id);
      if (dictionary === undefined) throw new UnknownDictionary(codec, id);
      return decompress(content.subarray(ID_BYTES), { ...allowed, dictionary });
    }
  }
  throw new DecodeError(codec, bytes.length === 0 ? "no bytes at all" : `no envelope begins with ${bytes[0]}`);
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
