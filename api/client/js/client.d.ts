/**
 * @import * as Model from "./models.d.ts"
 * @import { CallOptions } from "./connection.js"
 */
/** A client of one server. */
export class Client extends Connection {
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
    /** @param {string} product @param {CallOptions} [o] @returns {AsyncGenerator<Model.Reservation, void, void>} */
    productReservations(product: string, o?: CallOptions): AsyncGenerator<Model.Reservation, void, void>;
    /** @param {string} reference @param {CallOptions} [o] @returns {AsyncGenerator<Model.Reservation, void, void>} */
    findReservations(reference: string, o?: CallOptions): AsyncGenerator<Model.Reservation, void, void>;
    /** @param {string} product @param {string} id @param {string | number} tag @param {Model.OrderEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
    annotateReservation(product: string, id: string, tag: string | number, edit: Model.OrderEdit, o?: CallOptions): Promise<Model.Reservation>;
    /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<string>} */
    reservationReceipt(product: string, id: string, o?: CallOptions): Promise<string>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
    productReport(id: string, o?: CallOptions): Promise<Model.Report>;
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
    /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.SeatChange, void, void>} */
    seatChanges(performance: string, o?: CallOptions): AsyncGenerator<Model.SeatChange, void, void>;
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
    /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
    performanceBookings(performance: string, o?: CallOptions): AsyncGenerator<Model.Booking, void, void>;
    /** @param {string} reference @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
    findBookings(reference: string, o?: CallOptions): AsyncGenerator<Model.Booking, void, void>;
    /** @param {string} id @param {string | number} tag @param {Model.OrderEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    annotateBooking(id: string, tag: string | number, edit: Model.OrderEdit, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<string>} */
    bookingReceipt(id: string, o?: CallOptions): Promise<string>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
    performanceReport(id: string, o?: CallOptions): Promise<Model.Report>;
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
    /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.Wallet, void, void>} */
    wallets(holder: string, o?: CallOptions): AsyncGenerator<Model.Wallet, void, void>;
    /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.WalletEntry, void, void>} */
    walletEntries(holder: string, o?: CallOptions): AsyncGenerator<Model.WalletEntry, void, void>;
    /** @param {string} booking @param {Model.NewPayment} payment @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    reportPayment(booking: string, payment: Model.NewPayment, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} booking @param {Model.NewIntent} intent @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    beginIntent(booking: string, intent: Model.NewIntent, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} booking @param {string} intent @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
    endIntent(booking: string, intent: string, o?: CallOptions): Promise<Model.Booking>;
    /** @param {string} booking @param {Model.NewCheckout} addresses @param {CallOptions} [o] @returns {Promise<Model.Checkout>} */
    checkout(booking: string, addresses: Model.NewCheckout, o?: CallOptions): Promise<Model.Checkout>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Refund, void, void>} */
    refunds(o?: CallOptions): AsyncGenerator<Model.Refund, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Refund>} */
    refund(id: string, o?: CallOptions): Promise<Model.Refund>;
    /** @param {string} id @param {Model.NewSettlement} settlement @param {CallOptions} [o] @returns {Promise<Model.Refund>} */
    settleRefund(id: string, settlement: Model.NewSettlement, o?: CallOptions): Promise<Model.Refund>;
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
    /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<string>} */
    entryReceipt(tournament: string, team: string, o?: CallOptions): Promise<string>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
    tournamentReport(id: string, o?: CallOptions): Promise<Model.Report>;
    /** @param {string} id @param {Model.NewWaitingRoom} room @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
    createWaitingRoom(id: string, room: Model.NewWaitingRoom, o?: CallOptions): Promise<Model.WaitingRoom>;
    /** @param {string} id @param {string | number} tag @param {Model.NewWaitingRoom} room @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
    setWaitingRoom(id: string, tag: string | number, room: Model.NewWaitingRoom, o?: CallOptions): Promise<Model.WaitingRoom>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.WaitingRoom, void, void>} */
    waitingRooms(o?: CallOptions): AsyncGenerator<Model.WaitingRoom, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
    waitingRoom(id: string, o?: CallOptions): Promise<Model.WaitingRoom>;
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
    /** @param {string} id @param {string | number} tag @param {Model.WebhookEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
    editWebhook(id: string, tag: string | number, edit: Model.WebhookEdit, o?: CallOptions): Promise<Model.Webhook>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.DeletedWebhook>} */
    deleteWebhook(id: string, o?: CallOptions): Promise<Model.DeletedWebhook>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WebhookWithSecret>} */
    changeWebhookSecret(id: string, o?: CallOptions): Promise<Model.WebhookWithSecret>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WebhookTest>} */
    testWebhook(id: string, o?: CallOptions): Promise<Model.WebhookTest>;
    /** @param {string} id @param {number} from @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
    replayWebhook(id: string, from: number, o?: CallOptions): Promise<Model.Webhook>;
    /**
     * Creates a key, whose text only this answer contains: if the outcome is unknown, find it with
     * apiKeys and end it.
     * @param {Model.NewAPIKey} key @param {CallOptions} [o] @returns {Promise<Model.APIKeyMade>}
     */
    createAPIKey(key: Model.NewAPIKey, o?: CallOptions): Promise<Model.APIKeyMade>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.APIKey, void, void>} */
    apiKeys(o?: CallOptions): AsyncGenerator<Model.APIKey, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.APIKey>} */
    apiKey(id: string, o?: CallOptions): Promise<Model.APIKey>;
    /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.APIKey>} */
    endAPIKey(id: string, o?: CallOptions): Promise<Model.APIKey>;
    /**
     * Sends many commands in one request; a command by POST without an idempotency_key gets one.
     * @param {Model.BatchCommand[]} commands @param {CallOptions} [o] @returns {Promise<Model.BatchAnswer[]>}
     */
    batch(commands: Model.BatchCommand[], o?: CallOptions): Promise<Model.BatchAnswer[]>;
    /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Event, void, void>} */
    events(o?: CallOptions): AsyncGenerator<Model.Event, void, void>;
    /** @param {string} stream @param {CallOptions} [o] @returns {AsyncGenerator<Model.Event, void, void>} */
    stream(stream: string, o?: CallOptions): AsyncGenerator<Model.Event, void, void>;
    /** @param {string} id @param {CallOptions} [o] @returns {AsyncGenerator<Model.HistoryOf, void, void>} */
    histories(id: string, o?: CallOptions): AsyncGenerator<Model.HistoryOf, void, void>;
    /**
     * Iterates over the history of a resource. The id of a seat has two parts, such as gala and A-1-1.
     * @param {string} kind @param {string | string[]} id @param {CallOptions} [o] @returns {AsyncGenerator<Model.HistoryLine, void, void>}
     */
    history(kind: string, id: string | string[], o?: CallOptions): AsyncGenerator<Model.HistoryLine, void, void>;
    /** @param {CallOptions} [o] @returns {Promise<Model.LogHead>} */
    logHead(o?: CallOptions): Promise<Model.LogHead>;
    /** @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Forgotten>} */
    forget(holder: string, o?: CallOptions): Promise<Model.Forgotten>;
    /** @param {CallOptions} [o] @returns {Promise<Model.Cluster>} */
    cluster(o?: CallOptions): Promise<Model.Cluster>;
    /** @param {CallOptions} [o] @returns {Promise<Model.Backup>} */
    backup(o?: CallOptions): Promise<Model.Backup>;
}
import { Connection } from "./connection.js";
import type * as Model from "./models.d.ts";
import type { CallOptions } from "./connection.js";
