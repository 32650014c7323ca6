/** Codecs out of a serializer and a compressor, within limits. */

import { crc32 } from "./crc32.js";
import { openEnvelope } from "./envelope.js";
import { LimitExceeded } from "./errors.js";

/**
 * @typedef {import("./deflate.js").Allowed} Allowed
 * @typedef {import("./limits.js").Limits} Limits
 */

/**
 * How the bytes of a frame become a value. `json` needs none: its frames are values already.
 *
 * @typedef {object} Codec
 * @property {string} name As the server calls it, for instance `"json+deflate"`.
 * @property {(bytes: Uint8Array, context: Context) => unknown} decode Returns JSON; throws when the bytes are not of this
 *   codec, or more than the limits allow.
 * @property {(bytes: Uint8Array, limits: Limits) => Uint8Array} [openDictionary] Only a codec with dictionaries has it:
 *   returns the content of one that the server sent.
 */

/**
 * @typedef {object} Context
 * @property {Readonly<Limits>} limits
 * @property {(id: string) => Uint8Array | undefined} dictionary Returns the dictionary of that id, if it is here.
 */

/**
 * @typedef {object} Serializer
 * @property {string} name
 * @property {(bytes: Uint8Array, codec: string, limits: Limits) => unknown} decode
 */

/**
 * @typedef {object} Compressor
 * @property {string} name
 * @property {(bytes: Uint8Array, allowed: Allowed) => Uint8Array} decompress
 */

/**
 * Return a codec whose bytes are only serialised.
 *
 * @param {Serializer} serializer
 * @returns {Codec}
 */
export function plainCodec({ name, decode }) {
  return {
    name,
    decode(bytes, { limits }) {
      admitSize(bytes, name, limits);
      if (bytes.length > limits.maxDecodedBytes) {
        throw new LimitExceeded(name, "maxDecodedBytes", limits.maxDecodedBytes, bytes.length);
      }
      return decode(bytes, name, limits);
    },
  };
}

/**
 * Return the codec whose bytes are serialised and then compressed.
 *
 * @param {Serializer} serializer
 * @param {Compressor} compressor
 * @returns {Codec}
 */
export function compressedCodec(serializer, compressor) {
  const name = `${serializer.name}+${compressor.name}`;
  return {
    name,
    decode(bytes, { limits }) {
      admitSize(bytes, name, limits);
      const allowed = { codec: name, maxBytes: limits.maxDecodedBytes, maxWindowBytes: limits.maxWindowBytes };
      return serializer.decode(openEnvelope(bytes, allowed, compressor.decompress, null), name, limits);
    },
  };
}

/**
 * Return the codec that also compresses with dictionaries, which the server makes and sends.
 *
 * @param {Serializer} serializer
 * @param {Compressor} compressor
 * @returns {Codec}
 */
export function dictionaryCodec(serializer, compressor) {
  const name = `${serializer.name}+${compressor.name}+dictionary`;
  return {
    name,
    decode(bytes, { limits, dictionary }) {
      admitSize(bytes, name, limits);
      const allowed = { codec: name, maxBytes: limits.maxDecodedBytes, maxWindowBytes: limits.maxWindowBytes };
      return serializer.decode(openEnvelope(bytes, allowed, compressor.decompress, dictionary), name, limits);
    },
    openDictionary(bytes, { maxDictionaryBytes: maxBytes, maxWindowBytes }) {
      return openEnvelope(bytes, { codec: name, maxBytes, maxWindowBytes }, compressor.decompress, null);
    },
  };
}

/**
 * Return the id of a dictionary.
 *
 * @param {Uint8Array} content
 */
export function dictionaryId(content) {
  return crc32(content).toString(16).padStart(8, "0");
}

/** @param {Uint8Array} bytes @param {string} codec @param {Limits} limits */
function admitSize(bytes, codec, { maxEncodedBytes }) {
  if (bytes.length > maxEncodedBytes) throw new LimitExceeded(codec, "maxEncodedBytes", maxEncodedBytes, bytes.length);
}
