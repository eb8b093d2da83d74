/** One WebSocket at a time, and what is watched over it. */
export class LiveSocket {
    /**
     * @param {string} url of the socket: wss://…/ws
     * @param {object} [options]
     * @param {string} [options.epoch] of the log that the positions of items belong to
     * @param {typeof WebSocket} [options.WebSocket] in place of the global one
     * @param {() => void} [options.changed] is called when something of the connection has changed
     * @param {() => boolean} [options.hidden] whether nobody looks; then it pings rarely
     */
    constructor(url: string, { epoch, WebSocket, changed, hidden }?: {
        epoch?: string | undefined;
        WebSocket?: {
            new (url: string | URL, protocols?: string | string[]): WebSocket;
            prototype: WebSocket;
            readonly CONNECTING: 0;
            readonly OPEN: 1;
            readonly CLOSING: 2;
            readonly CLOSED: 3;
        } | undefined;
        changed?: (() => void) | undefined;
        hidden?: (() => boolean) | undefined;
    });
    /** Attempts to connect that failed since everything was current. */
    failures: number;
    /** Everything has been current since the socket opened. */
    settled: boolean;
    /** When the server last sent anything, by Date.now(). */
    heard: number;
    /** Whether the connection is open. */
    get open(): boolean;
    /**
     * Follows a topic, in place of an item with the same one.
     * @param {Item} item
     */
    watch(item: Item): void;
    /**
     * Stops following a topic.
     * @param {string} topic
     */
    unwatch(topic: string): void;
    /** Ends it; no item gets anything any more. */
    close(): void;
    /** Connects now: the network or the reader is back. An open socket has to answer a ping. */
    hurry(): void;
    #private;
}
export type Item = {
    /**
     * such as product:tee
     */
    topic: string;
    /**
     * of the last frame that was taken; 0 if none was
     */
    position?: number | undefined;
    /**
     * gets each frame once and in order
     */
    take: (data: any, event: "snapshot" | "delta") => void;
    /**
     * is told that there is no such topic
     */
    refused?: ((problem: {
        code: any;
        detail: string;
    }) => void) | undefined;
};
export type Watched = {
    item: Item;
    /**
     * of the log that the item's position belongs to
     */
    epoch: string;
    /**
     * the last subscription was answered: a frame that does not fit is a gap
     */
    current: boolean;
};
