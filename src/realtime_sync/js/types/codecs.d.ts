export const jsonGzip: import("./codec.js").Codec;
export const jsonZstd: import("./codec.js").Codec;
export const msgpack: import("./codec.js").Codec;
export const msgpackGzip: import("./codec.js").Codec;
export const msgpackDeflate: import("./codec.js").Codec;
export const msgpackDeflateDictionary: import("./codec.js").Codec;
export const msgpackZstd: import("./codec.js").Codec;
/** In order of preference: what makes the smallest frames first. @type {readonly ("json" | import("./codec.js").Codec)[]} */
export const ALL_CODECS: readonly ("json" | import("./codec.js").Codec)[];
import { jsonDeflate } from "./default_codecs.js";
import { jsonDeflateDictionary } from "./default_codecs.js";
export { jsonDeflate, jsonDeflateDictionary };
