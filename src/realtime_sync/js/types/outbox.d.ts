/** The messages of one hub, in order. */
export class Outbox {
    /** @param {{emit: (event: any, message: any) => unknown}} socket What `io()` returned. */
    constructor(socket: {
        emit: (event: any, message: any) => unknown;
    });
    /**
     * Say something, after what was said before.
     *
     * @param {string} event
     * @param {object} message
     */
    emit(event: string, message: object): void;
    /** The connection is gone, and what was said to it is void. */
    clear(): void;
    #private;
}
