/** Keeps watched topics current over one WebSocket at a time. */
export class LiveSocket {
    /**
     * @param {string} url of the socket: wss://…/ws
     * @param {object} [options]
     * @param {string} [options.epoch] of the log that the positions of items belong to
     * @param {typeof WebSocket} [options.WebSocket] in place of the global one
     * @param {() => void} [options.changed] called when the state of the connection has changed
     * @param {() => boolean} [options.hidden] whether the page is hidden; then it pings rarely
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
    /** Failed attempts to connect since everything was current. */
    failures: number;
    /** Whether everything has been current since the socket opened. */
    settled: boolean;
    /** The time at which the server last sent anything, by Date.now(). */
    heard: number;
    /** Whether the connection is open. */
    get open(): boolean;
    /**
     * Follows a topic. The item replaces any other one for the same topic.
     * @param {Item} item
     */
    watch(item: Item): void;
    /**
     * Stops following a topic.
     * @param {string} topic
     */
    unwatch(topic: string): void;
    /** Closes the socket; no item gets anything after that. */
    close(): void;
    /** Connects at once, because the network or the user is back. An open socket is pinged. */
    hurry(): void;
    #private;
}
export type Item = {
    /**
     * such as product:tee
     */
    topic: string;
    /**
     * of the last frame applied; 0 for none
     */
    position?: number | undefined;
    /**
     * gets each frame once and in order
     */
    take: (data: any, event: "snapshot" | "delta") => void;
    /**
     * called if there is no such
     * topic
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
     * the last subscription was answered, so a frame that does not fit
     * means a gap
     */
    current: boolean;
};
