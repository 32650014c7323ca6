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
export function plainCodec({ name, decode }: Serializer): Codec;
/**
 * Return the codec whose bytes are serialised and then compressed.
 *
 * @param {Serializer} serializer
 * @param {Compressor} compressor
 * @returns {Codec}
 */
export function compressedCodec(serializer: Serializer, compressor: Compressor): Codec;
/**
 * Return the codec that also compresses with dictionaries, which the server makes and sends.
 *
 * @param {Serializer} serializer
 * @param {Compressor} compressor
 * @returns {Codec}
 */
export function dictionaryCodec(serializer: Serializer, compressor: Compressor): Codec;
/**
 * Return the id of a dictionary.
 *
 * @param {Uint8Array} content
 */
export function dictionaryId(content: Uint8Array): string;
export type Allowed = import("./deflate.js").Allowed;
export type Limits = import("./limits.js").Limits;
/**
 * How the bytes of a frame become a value. `json` needs none: its frames are values already.
 */
export type Codec = {
    /**
     * As the server calls it, for instance `"json+deflate"`.
     */
    name: string;
    /**
     * Returns JSON; throws when the bytes are not of this
     * codec, or more than the limits allow.
     */
    decode: (bytes: Uint8Array, context: Context) => unknown;
    /**
     * Only a codec with dictionaries has it:
     * returns the content of one that the server sent.
     */
    openDictionary?: (bytes: Uint8Array, limits: Limits) => Uint8Array;
};
export type Context = {
    limits: Readonly<Limits>;
    /**
     * Returns the dictionary of that id, if it is here.
     */
    dictionary: (id: string) => Uint8Array | undefined;
};
export type Serializer = {
    name: string;
    decode: (bytes: Uint8Array, codec: string, limits: Limits) => unknown;
};
export type Compressor = {
    name: string;
    decompress: (bytes: Uint8Array, allowed: Allowed) => Uint8Array;
};
