/** Generates an Idempotency-Key. */
export function newKey(): string;
/** A client of one server. */
export class Client {
    /**
     * @param {string} address of the server: https://tickets.example
     * @param {Options} [options]
     */
    constructor(address: string, { token, fetch, WebSocket, patience }?: Options);
    /**
     * Sends a request until it is answered, for at most patience. A command by POST has an
     * Idempotency-Key, the same in each attempt. All methods below use it; call it for routes without
     * a method.
     *
     * @param {string} method
     * @param {(string | number)[]} path below /v1, in parts
     * @param {any} [body]
     * @param {CallOptions} [options]
     * @returns {Promise<any>} the answer; it throws AdmitoneError, UnansweredError, or the reason of
     * an aborted signal
     */
    call(method: string, path: (string | number)[], body?: any, { key, pass, tag, requestId, query, signal }?: CallOptions): Promise<any>;
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
    /** @param {Model.NewProduct} product @param {CallOptions} [o] @returns {Promise<Model.Product>} */
    createProduct(product: Model.NewProduct, o?: CallOptions): Promise<Model.Product>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Product, void, void>} */
    products(o?: CallOptions): AsyncGenerator<Model.Product, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Product>} */
    product(id: string, o?: CallOptions): Promise<Model.Product>;
    /** @param {string} id @param {string} tag @param {Model.ProductEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Product>} */
    editProduct(id: string, tag: string, edit: Model.ProductEdit, o?: CallOptions): Promise<Model.Product>;
    /** @param {string} product @param {Model.NewReservation} reservation @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    reserve(product: string, reservation: Model.NewReservation, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    reservation(product: string, id: string, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    confirm(product: string, id: string, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {string} product @param {string} id @param {Model.NewPayment} payment @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    reportReservationPayment(product: string, id: string, payment: Model.NewPayment, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    release(product: string, id: string, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {Model.NewPlan} plan @param {CallOptions} [o] @returns {Promise<Model.PlanSummary>} */
    createPlan(plan: Model.NewPlan, o?: CallOptions): Promise<Model.PlanSummary>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.PlanSummary, void, void>} */
    plans(o?: CallOptions): AsyncGenerator<Model.PlanSummary, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Plan>} */
    plan(id: string, o?: CallOptions): Promise<Model.Plan>;
    /** @param {Model.NewPerformance} performance @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
    createPerformance(performance: Model.NewPerformance, o?: CallOptions): Promise<Model.Performance>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Performance, void, void>} */
    performances(o?: CallOptions): AsyncGenerator<Model.Performance, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
    performance(id: string, o?: CallOptions): Promise<Model.Performance>;
    /** @param {string} id @param {string} tag @param {Model.PerformanceEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
    editPerformance(id: string, tag: string, edit: Model.PerformanceEdit, o?: CallOptions): Promise<Model.Performance>;
    /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffPerformance(id: string, callOff: Model.NewCallOff, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffProduct(id: string, callOff: Model.NewCallOff, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffOfProduct(id: string, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffTournament(id: string, callOff: Model.NewCallOff, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffOfTournament(id: string, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
    callOffOfPerformance(id: string, o?: CallOptions): Promise<Model.CallOff>;
    /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.ListedSeat, void, void>} */
    seats(performance: string, o?: CallOptions): AsyncGenerator<Model.ListedSeat, void, void>;
    /** @param {string} performance @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Seat>} */
    blockSeat(performance: string, seat: string, o?: CallOptions): Promise<Model.Seat>;
    /** @param {string} performance @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Seat>} */
    unblockSeat(performance: string, seat: string, o?: CallOptions): Promise<Model.Seat>;
    /** @param {string} performance @param {CallOptions} [o] @returns {Promise<Model.ListedBlock[]>} */
    blocks(performance: string, o?: CallOptions): Promise<Model.ListedBlock[]>;
    /** @param {string} performance @param {Model.NewBlock} block @param {CallOptions} [o] @returns {Promise<Model.Block>} */
    blockSeats(performance: string, block: Model.NewBlock, o?: CallOptions): Promise<Model.Block>;
    /** @param {string} performance @param {string} label @param {CallOptions} [o] @returns {Promise<Model.Block>} */
    unblockSeats(performance: string, label: string, o?: CallOptions): Promise<Model.Block>;
    /** @param {string} performance @param {Model.NewBooking} booking @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    book(performance: string, booking: Model.NewBooking, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    booking(id: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
    bookings(holder: string, o?: CallOptions): AsyncGenerator<Model.Booking, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    pay(id: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    extend(id: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    cancel(id: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    returnSeat(id: string, seat: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {string} area @param {number | string} place @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    returnPlace(id: string, area: string, place: number | string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} holder @param {number} amount @param {CallOptions} [o] @returns {Promise<Model.Wallet>} */
    charge(holder: string, amount: number, o?: CallOptions): Promise<Model.Wallet>;
    /** @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Wallet>} */
    wallet(holder: string, o?: CallOptions): Promise<Model.Wallet>;
    /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.WalletEntry, void, void>} */
    walletEntries(holder: string, o?: CallOptions): AsyncGenerator<Model.WalletEntry, void, void>;
    /** @param {Model.NewTeam} team @param {CallOptions} [o] @returns {Promise<Model.Team>} */
    createTeam(team: Model.NewTeam, o?: CallOptions): Promise<Model.Team>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Team>} */
    team(id: string, o?: CallOptions): Promise<Model.Team>;
    /** @param {Model.NewTournament} tournament @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
    createTournament(tournament: Model.NewTournament, o?: CallOptions): Promise<Model.Tournament>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Tournament, void, void>} */
    tournaments(o?: CallOptions): AsyncGenerator<Model.Tournament, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
    tournament(id: string, o?: CallOptions): Promise<Model.Tournament>;
    /** @param {string} id @param {string} tag @param {Model.TournamentEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
    editTournament(id: string, tag: string, edit: Model.TournamentEdit, o?: CallOptions): Promise<Model.Tournament>;
    /** @param {string} tournament @param {Model.NewEntry} entry @param {CallOptions} [o] @returns {Promise<Model.Entered>} */
    enter(tournament: string, entry: Model.NewEntry, o?: CallOptions): Promise<Model.Entered>;
    /** @param {string} tournament @param {CallOptions} [o] @returns {AsyncGenerator<Model.Entry, void, void>} */
    entries(tournament: string, o?: CallOptions): AsyncGenerator<Model.Entry, void, void>;
    /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<Model.Entry>} */
    entry(tournament: string, team: string, o?: CallOptions): Promise<Model.Entry>;
    /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<Model.Entered>} */
    withdraw(tournament: string, team: string, o?: CallOptions): Promise<Model.Entered>;
    /** @param {string} room @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
    join(room: string, holder: string, o?: CallOptions): Promise<Model.Visit>;
    /** @param {string} room @param {string} visitor @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
    visit(room: string, visitor: string, o?: CallOptions): Promise<Model.Visit>;
    /** @param {string} room @param {string} visitor @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
    leave(room: string, visitor: string, o?: CallOptions): Promise<Model.Visit>;
    /** @param {Model.NewWebhook} webhook @param {CallOptions} [o] @returns {Promise<Model.WebhookWithSecret>} */
    createWebhook(webhook: Model.NewWebhook, o?: CallOptions): Promise<Model.WebhookWithSecret>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Webhook, void, void>} */
    webhooks(o?: CallOptions): AsyncGenerator<Model.Webhook, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
    webhook(id: string, o?: CallOptions): Promise<Model.Webhook>;
    /** @param {string} id @param {string} tag @param {Model.WebhookEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
    editWebhook(id: string, tag: string, edit: Model.WebhookEdit, o?: CallOptions): Promise<Model.Webhook>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.DeletedWebhook>} */
    deleteWebhook(id: string, o?: CallOptions): Promise<Model.DeletedWebhook>;
    /**
     * Sends many commands in one request; a command by POST without an idempotency_key gets one.
     * @param {Model.BatchCommand[]} commands @param {CallOptions} [o] @returns {Promise<Model.BatchAnswer[]>}
     */
    batch(commands: Model.BatchCommand[], o?: CallOptions): Promise<Model.BatchAnswer[]>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Event, void, void>} */
    events(o?: CallOptions): AsyncGenerator<Model.Event, void, void>;
    /** @param {CallOptions} [o] @returns {Promise<Model.LogHead>} */
    logHead(o?: CallOptions): Promise<Model.LogHead>;
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
    tag?: string | undefined;
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
import type * as Model from "./models.d.ts";
