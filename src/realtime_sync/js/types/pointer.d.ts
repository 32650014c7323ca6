/**
 * Return the reference tokens of `pointer`, unescaped.
 *
 * @param {unknown} pointer
 * @returns {string[]}
 * @throws {PatchError} It is no JSON Pointer.
 */
export function parsePointer(pointer: unknown): string[];
/**
 * Return the pointer that `parsePointer` splits into `tokens`.
 *
 * @param {readonly (string | number)[]} tokens
 * @returns {string}
 */
export function formatPointer(tokens: readonly (string | number)[]): string;
/**
 * Return the value that `tokens` name.
 *
 * @param {unknown} document
 * @param {readonly string[]} tokens
 * @returns {any} Undefined when there is none: JSON has no undefined.
 */
export function find(document: unknown, tokens: readonly string[]): any;
/**
 * Return the member or element that `token` names, or undefined; never anything inherited from a prototype.
 *
 * @param {any} container
 * @param {string} token
 * @returns {any}
 */
export function child(container: any, token: string): any;
/**
 * Return the index that `token` means in an array, from 0 to `highest`.
 *
 * @param {string} token
 * @param {number} highest
 * @returns {number | undefined} Undefined when it means none.
 */
export function parseIndex(token: string, highest: number): number | undefined;
