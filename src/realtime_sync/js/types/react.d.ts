/**
 * Return the snapshot, or what `selector` makes of it; render again only when that changed.
 *
 *     const task = useChannel(project, (document) => document.all_nodes[id]);
 *
 * @template T
 * @overload
 * @param {Channel<T> | null | undefined} channel Null: none yet.
 * @returns {T | undefined} Undefined before the first document.
 */
export function useChannel<T>(channel: Channel<T> | null | undefined): T | undefined;
/**
 * @template T, S
 * @overload
 * @param {Channel<T> | null | undefined} channel Null: none yet.
 * @param {(document: T) => S} selector Not called before the first document.
 * @param {(a: S, b: S) => boolean} [isEqual] Keeps the old value when it returns true; without it, identity decides.
 * @returns {S | undefined} Undefined before the first document.
 */
export function useChannel<T, S>(channel: Channel<T> | null | undefined, selector: (document: T) => S, isEqual?: ((a: S, b: S) => boolean) | undefined): S | undefined;
/**
 * Return the channel's status; render again when it changed.
 *
 * @param {Channel | null | undefined} channel Null: none yet.
 * @returns {Status}
 */
export function useStatus(channel: Channel | null | undefined): Status;
export type Channel<T = any> = import("./channel.js").Channel<T>;
export type Status = import("./channel.js").Status;
