export const jsonDeflateDictionary: import("./codec.js").Codec;
export const jsonDeflate: import("./codec.js").Codec;
/** In order of preference. @type {readonly ("json" | import("./codec.js").Codec)[]} */
export const DEFAULT_CODECS: readonly ("json" | import("./codec.js").Codec)[];
