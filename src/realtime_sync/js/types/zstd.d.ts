/**
 * Return what one Zstandard frame contains; fzstd knows no dictionaries.
 *
 * The frame is looked through before fzstd sees it, and what comes out afterwards: fzstd takes frames that are cut short,
 * that go on after their end, that do not contain what their header declares, and that do not add up.
 *
 * @param {Uint8Array} bytes
 * @param {Allowed} allowed
 * @returns {Uint8Array}
 * @throws {DecodeError} More would come out, or it is not one whole frame and nothing else.
 */
export function unzstd(bytes: Uint8Array, allowed: Allowed): Uint8Array;
export type Header = {
    /**
     * Where the blocks begin.
     */
    end: number;
    /**
     * Of the content, as declared.
     */
    size: number | null;
    hasChecksum: boolean;
};
export type Allowed = import("./deflate.js").Allowed;
