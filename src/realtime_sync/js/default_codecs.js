/** What `connect` offers unless it is told otherwise: small frames, for 3 kB of a decompressor. */

import { compressedCodec, dictionaryCodec } from "./codec.js";
import { inflate } from "./deflate.js";
import { decodeJson } from "./json.js";

const JSON_TEXT = { name: "json", decode: decodeJson };
const DEFLATE = { name: "deflate", decompress: inflate };

export const jsonDeflateDictionary = dictionaryCodec(JSON_TEXT, DEFLATE);
export const jsonDeflate = compressedCodec(JSON_TEXT, DEFLATE);

/** In order of preference. @type {readonly ("json" | import("./codec.js").Codec)[]} */
export const DEFAULT_CODECS = [jsonDeflateDictionary, jsonDeflate, "json"];
