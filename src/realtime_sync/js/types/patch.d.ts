/**
 * Return `document` with every operation of `patch` applied in order.
 *
 * All or nothing: `document` is never changed, and parts that the patch does not reach are the same objects in the
 * result. The result may share values with `patch`; change neither.
 *
 * @param {any} document
 * @param {readonly Operation[]} patch
 * @returns {any}
 * @throws {PatchError} An operation is malformed, names what does not exist, or is a `test` that does not hold.
 */
export function applyPatch(document: any, patch: readonly Operation[]): any;
/**
 * One operation of a patch; unknown members are ignored.
 */
export type Operation = {
    op: "add" | "replace" | "test";
    path: string;
    value: any;
} | {
    op: "append";
    path: string;
    value: string;
} | {
    op: "remove";
    path: string;
} | {
    op: "move" | "copy";
    from: string;
    path: string;
};
