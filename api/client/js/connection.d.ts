/** Generates an Idempotency-Key. */
export function newKey(): string;
/** The requests, lists and live topics of a server, by path. Client adds a method for each operation. */
export class Connection {
    /**
     * @param {string} address of the server: https://tickets.example
     * @param {Options} [options]
     */
    constructor(address: string, { token, fetch, WebSocket, patience }?: Options);
    /**
     * Sends a request until it is answered, for at most patience. A command by POST has an
     * Idempotency-Key, the same in each attempt. Most methods of Client use it.
     *
     * @param {string} method
     * @param {(string | number)[]} path below /v1, in parts
     * @param {any} [body]
     * @param {CallOptions} [options]
     * @returns {Promise<any>} the answer; it throws AdmitoneError, UnansweredError, or the reason of
     * an aborted signal
     */
    call(method: string, path: (string | number)[], body?: any, options?: CallOptions): Promise<any>;
    /**
     * Does as call, and returns the text of the answer, unmodified.
     *
     * @param {string} method
     * @param {(string | number)[]} path
     * @param {any} [body]
     * @param {CallOptions} [options]
     * @returns {Promise<string>}
     */
    text(method: string, path: (string | number)[], body?: any, { key, pass, tag, requestId, query, signal }?: CallOptions): Promise<string>;
    /**
     * Iterates over a list, page by page.
     * @param {(string | number)[]} path
     * @param {CallOptions} [options]
     * @returns {AsyncGenerator<any, void, void>}
     */
    list(path: (string | number)[], options?: CallOptions): AsyncGenerator<any, void, void>;
    /**
     * Iterates over the frames of topics: first a snapshot of each, then every change, in order, once
     * and without a gap, whatever happens to the connection. It ends when the caller breaks off or
     * signal is aborted; it throws a TopicError for a topic that does not exist.
     *
     * @param {string[]} topics such as product:tee
     * @param {{signal?: AbortSignal}} [options]
     * @returns {AsyncGenerator<Frame, void, void>}
     */
    watch(topics: string[], { signal }?: {
        signal?: AbortSignal;
    }): AsyncGenerator<Frame, void, void>;
    #private;
}
export type Options = {
    /**
     * a JWT or a key of the API
     */
    token?: string | undefined;
    /**
     * in place of the global one
     */
    fetch?: typeof fetch | undefined;
    /**
     * in place of the global one
     */
    WebSocket?: {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    } | undefined;
    /**
     * how long a call is retried, in milliseconds (30,000); 0 for one
     * attempt
     */
    patience?: number | undefined;
};
export type CallOptions = {
    /**
     * the Idempotency-Key of a command, instead of a generated one
     */
    key?: string | undefined;
    /**
     * of the waiting room that guards the resource
     */
    pass?: string | undefined;
    /**
     * the edit_tag or revision that an edit is based on
     */
    tag?: string | number | undefined;
    /**
     * identifies the request in the server's log
     */
    requestId?: string | undefined;
    /**
     * such as at, min_position, limit, and filters
     */
    query?: Record<string, string | number | boolean | undefined> | undefined;
    /**
     * ends the call
     */
    signal?: AbortSignal | undefined;
};
export type Frame = {
    topic: string;
    /**
     * data is the whole topic; otherwise it is a change
     */
    snapshot: boolean;
    /**
     * of the last event that it contains
     */
    position: number;
    /**
     * all members of a ProductSnapshot, ProductDelta, SeatsDelta and so on
     */
    data: any;
};
