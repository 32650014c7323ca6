/**
 * Return what one raw DEFLATE stream contains.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole stream and nothing else.
 */
export function inflate(bytes: Uint8Array, { codec, maxBytes, dictionary }: Allowed): Uint8Array;
/**
 * Return what one gzip member contains.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole member and nothing else.
 */
export function gunzip(bytes: Uint8Array, allowed: Allowed): Uint8Array;
/**
 * @param {Uint8Array[]} parts
 * @param {number} size Of all together.
 * @returns {Uint8Array}
 */
export function joined(parts: Uint8Array[], size: number): Uint8Array;
export type Allowed = {
    /**
     * Its name, for the errors.
     */
    codec: string;
    /**
     * The most that may come out.
     */
    maxBytes: number;
    /**
     * The most that may be held beside what comes out.
     */
    maxWindowBytes: number;
    /**
     * What the compressor was given beforehand.
     */
    dictionary?: Uint8Array;
};
