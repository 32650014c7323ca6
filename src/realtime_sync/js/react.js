/** React hooks over a channel. */

import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";

/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */

/** @typedef {import("./channel.js").Status} Status */

const NOTHING = () => undefined;
const NEVER = () => NOTHING;

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
/**
 * @template T, S
 * @overload
 * @param {Channel<T> | null | undefined} channel Null: none yet.
 * @param {(document: T) => S} selector Not called before the first document.
 * @param {(a: S, b: S) => boolean} [isEqual] Keeps the old value when it returns true; without it, identity decides.
 * @returns {S | undefined} Undefined before the first document.
 */
/**
 * @param {Channel | null | undefined} channel
 * @param {(document: any) => any} [selector]
 * @param {(a: any, b: any) => boolean} [isEqual]
 * @returns {any}
 */
export function useChannel(channel, selector, isEqual = Object.is) {
  const shown = useRef(/** @type {{value: any} | null} */ (null));
  const getSelection = useMemo(
    () => (channel ? selectOnce(channel.getSnapshot, selector, isEqual, shown) : NOTHING),
    [channel, selector, isEqual],
  );
  const value = useSyncExternalStore(channel?.subscribe ?? NEVER, getSelection, NOTHING);
  useEffect(() => {
    shown.current = { value };
  }, [value]);
  return value;
}

/**
 * Return the channel's status; render again when it changed.
 *
 * @param {Channel | null | undefined} channel Null: none yet.
 * @returns {Status}
 */
export function useStatus(channel) {
  return useSyncExternalStore(
    channel?.subscribe ?? NEVER,
    () => channel?.status ?? "empty",
    () => "empty",
  );
}

/**
 * Return a `getSnapshot` that runs `selector` once for each snapshot, and prefers an equal value that is shown already.
 *
 * @param {() => any} getSnapshot
 * @param {((document: any) => any) | undefined} selector
 * @param {(a: any, b: any) => boolean} isEqual
 * @param {{readonly current: {value: any} | null}} shown An inline selector is new in each render; this is not.
 * @returns {() => any}
 */
function selectOnce(getSnapshot, selector, isEqual, shown) {
  /** @type {{snapshot: any, value: any} | null} */
  let last = null;
  return () => {
    const snapshot = getSnapshot();
    if (last !== null && last.snapshot === snapshot) return last.value;
    let value = snapshot === undefined || selector === undefined ? snapshot : selector(snapshot);
    const before = last ?? shown.current;
    if (before !== null && before.value !== undefined && isEqual(before.value, value)) value = before.value;
    last = { snapshot, value };
    return value;
  };
}
