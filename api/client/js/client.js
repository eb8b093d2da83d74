// A method for every operation.

import { Connection, newKey } from "./connection.js";

/**
 * @import * as Model from "./models.d.ts"
 * @import { CallOptions } from "./connection.js"
 */

/** A client of one server. */
export class Client extends Connection {
  // ---- Products

  /** @param {Model.NewProduct} product @param {CallOptions} [o] @returns {Promise<Model.Product>} */
  createProduct(product, o) { return this.call("POST", ["products"], product, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Product, void, void>} */
  products(o) { return this.list(["products"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Product>} */
  product(id, o) { return this.call("GET", ["products", id], undefined, o); }
  /** @param {string} id @param {string} tag @param {Model.ProductEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Product>} */
  editProduct(id, tag, edit, o) { return this.call("PATCH", ["products", id], edit, { ...o, tag }); }
  /** @param {string} product @param {Model.NewReservation} reservation @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  reserve(product, reservation, o) { return this.call("POST", ["products", product, "reservations"], reservation, o); }
  /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  reservation(product, id, o) { return this.call("GET", ["products", product, "reservations", id], undefined, o); }
  /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  confirm(product, id, o) { return this.call("POST", ["products", product, "reservations", id, "confirm"], undefined, o); }
  /** @param {string} product @param {string} id @param {Model.NewPayment} payment @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  reportReservationPayment(product, id, payment, o) { return this.call("POST", ["products", product, "reservations", id, "confirm"], payment, o); }
  /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  release(product, id, o) { return this.call("DELETE", ["products", product, "reservations", id], undefined, o); }
  /** @param {string} product @param {CallOptions} [o] @returns {AsyncGenerator<Model.Reservation, void, void>} */
  productReservations(product, o) { return this.list(["products", product, "reservations"], o); }
  /** @param {string} reference @param {CallOptions} [o] @returns {AsyncGenerator<Model.Reservation, void, void>} */
  findReservations(reference, o) { return this.list(["reservations"], { ...o, query: { ...o?.query, reference } }); }
  /** @param {string} product @param {string} id @param {string | number} tag @param {Model.OrderEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Reservation>} */
  annotateReservation(product, id, tag, edit, o) { return this.call("PATCH", ["products", product, "reservations", id], edit, { ...o, tag }); }
  /** @param {string} product @param {string} id @param {CallOptions} [o] @returns {Promise<string>} */
  reservationReceipt(product, id, o) { return this.text("GET", ["products", product, "reservations", id, "receipt"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
  productReport(id, o) { return this.call("GET", ["products", id, "report"], undefined, o); }

  // ---- Performances, bookings, wallets

  /** @param {Model.NewPlan} plan @param {CallOptions} [o] @returns {Promise<Model.PlanSummary>} */
  createPlan(plan, o) { return this.call("POST", ["plans"], plan, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.PlanSummary, void, void>} */
  plans(o) { return this.list(["plans"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Plan>} */
  plan(id, o) { return this.call("GET", ["plans", id], undefined, o); }
  /** @param {Model.NewPerformance} performance @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
  createPerformance(performance, o) { return this.call("POST", ["performances"], performance, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Performance, void, void>} */
  performances(o) { return this.list(["performances"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
  performance(id, o) { return this.call("GET", ["performances", id], undefined, o); }
  /** @param {string} id @param {string} tag @param {Model.PerformanceEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Performance>} */
  editPerformance(id, tag, edit, o) { return this.call("PATCH", ["performances", id], edit, { ...o, tag }); }
  /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffPerformance(id, callOff, o) { return this.call("POST", ["performances", id, "cancellation"], callOff, o); }
  /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffProduct(id, callOff, o) { return this.call("POST", ["products", id, "cancellation"], callOff, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffOfProduct(id, o) { return this.call("GET", ["products", id, "cancellation"], undefined, o); }
  /** @param {string} id @param {Model.NewCallOff} callOff @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffTournament(id, callOff, o) { return this.call("POST", ["tournaments", id, "cancellation"], callOff, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffOfTournament(id, o) { return this.call("GET", ["tournaments", id, "cancellation"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.CallOff>} */
  callOffOfPerformance(id, o) { return this.call("GET", ["performances", id, "cancellation"], undefined, o); }
  /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.ListedSeat, void, void>} */
  seats(performance, o) { return this.list(["performances", performance, "seats"], o); }
  /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.SeatChange, void, void>} */
  seatChanges(performance, o) { return this.list(["performances", performance, "changes"], o); }
  /** @param {string} performance @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Seat>} */
  blockSeat(performance, seat, o) { return this.call("PUT", ["performances", performance, "seats", seat, "block"], undefined, o); }
  /** @param {string} performance @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Seat>} */
  unblockSeat(performance, seat, o) { return this.call("DELETE", ["performances", performance, "seats", seat, "block"], undefined, o); }
  /** @param {string} performance @param {CallOptions} [o] @returns {Promise<Model.ListedBlock[]>} */
  blocks(performance, o) { return this.call("GET", ["performances", performance, "blocks"], undefined, o); }
  /** @param {string} performance @param {Model.NewBlock} block @param {CallOptions} [o] @returns {Promise<Model.Block>} */
  blockSeats(performance, block, o) { return this.call("PUT", ["performances", performance, "blocks"], block, o); }
  /** @param {string} performance @param {string} label @param {CallOptions} [o] @returns {Promise<Model.Block>} */
  unblockSeats(performance, label, o) { return this.call("DELETE", ["performances", performance, "blocks"], undefined, { ...o, query: { ...o?.query, label } }); }
  /** @param {string} performance @param {Model.NewBooking} booking @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  book(performance, booking, o) { return this.call("POST", ["performances", performance, "bookings"], booking, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  booking(id, o) { return this.call("GET", ["bookings", id], undefined, o); }
  /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
  bookings(holder, o) { return this.list(["holders", holder, "bookings"], o); }
  /** @param {string} performance @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
  performanceBookings(performance, o) { return this.list(["performances", performance, "bookings"], o); }
  /** @param {string} reference @param {CallOptions} [o] @returns {AsyncGenerator<Model.Booking, void, void>} */
  findBookings(reference, o) { return this.list(["bookings"], { ...o, query: { ...o?.query, reference } }); }
  /** @param {string} id @param {string | number} tag @param {Model.OrderEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  annotateBooking(id, tag, edit, o) { return this.call("PATCH", ["bookings", id], edit, { ...o, tag }); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<string>} */
  bookingReceipt(id, o) { return this.text("GET", ["bookings", id, "receipt"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
  performanceReport(id, o) { return this.call("GET", ["performances", id, "report"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  pay(id, o) { return this.call("POST", ["bookings", id, "payment"], {}, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  extend(id, o) { return this.call("POST", ["bookings", id, "extension"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  cancel(id, o) { return this.call("DELETE", ["bookings", id], undefined, o); }
  /** @param {string} id @param {string} seat @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  returnSeat(id, seat, o) { return this.call("DELETE", ["bookings", id, "seats", seat], undefined, o); }
  /** @param {string} id @param {string} area @param {number | string} place @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  returnPlace(id, area, place, o) { return this.call("DELETE", ["bookings", id, "areas", area, String(place)], undefined, o); }
  /** @param {string} holder @param {number} amount @param {CallOptions} [o] @returns {Promise<Model.Wallet>} */
  charge(holder, amount, o) { return this.call("POST", ["wallets", holder, "charges"], { amount }, o); }
  /** @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Wallet>} */
  wallet(holder, o) { return this.call("GET", ["wallets", holder], undefined, o); }
  /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.Wallet, void, void>} */
  wallets(holder, o) { return this.list(["holders", holder, "wallets"], o); }
  /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.WalletEntry, void, void>} */
  walletEntries(holder, o) { return this.list(["wallets", holder, "entries"], o); }

  // ---- Payments and refunds

  /** @param {string} booking @param {Model.NewPayment} payment @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  reportPayment(booking, payment, o) { return this.call("POST", ["bookings", booking, "payment"], payment, o); }
  /** @param {string} booking @param {Model.NewIntent} intent @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  beginIntent(booking, intent, o) { return this.call("POST", ["bookings", booking, "payment-intent"], intent, o); }
  /** @param {string} booking @param {string} intent @param {CallOptions} [o] @returns {Promise<Model.Booking>} */
  endIntent(booking, intent, o) { return this.call("DELETE", ["bookings", booking, "payment-intent"], undefined, { ...o, query: { ...o?.query, intent } }); }
  /** @param {string} booking @param {Model.NewCheckout} addresses @param {CallOptions} [o] @returns {Promise<Model.Checkout>} */
  checkout(booking, addresses, o) { return this.call("POST", ["bookings", booking, "checkout"], addresses, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Refund, void, void>} */
  refunds(o) { return this.list(["refunds"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Refund>} */
  refund(id, o) { return this.call("GET", ["refunds", id], undefined, o); }
  /** @param {string} id @param {Model.NewSettlement} settlement @param {CallOptions} [o] @returns {Promise<Model.Refund>} */
  settleRefund(id, settlement, o) { return this.call("POST", ["refunds", id, "settlement"], settlement, o); }

  // ---- Teams, tournaments

  /** @param {Model.NewTeam} team @param {CallOptions} [o] @returns {Promise<Model.Team>} */
  createTeam(team, o) { return this.call("POST", ["teams"], team, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Team>} */
  team(id, o) { return this.call("GET", ["teams", id], undefined, o); }
  /** @param {Model.NewTournament} tournament @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
  createTournament(tournament, o) { return this.call("POST", ["tournaments"], tournament, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Tournament, void, void>} */
  tournaments(o) { return this.list(["tournaments"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
  tournament(id, o) { return this.call("GET", ["tournaments", id], undefined, o); }
  /** @param {string} id @param {string} tag @param {Model.TournamentEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Tournament>} */
  editTournament(id, tag, edit, o) { return this.call("PATCH", ["tournaments", id], edit, { ...o, tag }); }
  /** @param {string} tournament @param {Model.NewEntry} entry @param {CallOptions} [o] @returns {Promise<Model.Entered>} */
  enter(tournament, entry, o) { return this.call("POST", ["tournaments", tournament, "entries"], entry, o); }
  /** @param {string} tournament @param {CallOptions} [o] @returns {AsyncGenerator<Model.Entry, void, void>} */
  entries(tournament, o) { return this.list(["tournaments", tournament, "entries"], o); }
  /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<Model.Entry>} */
  entry(tournament, team, o) { return this.call("GET", ["tournaments", tournament, "entries", team], undefined, o); }
  /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<Model.Entered>} */
  withdraw(tournament, team, o) { return this.call("DELETE", ["tournaments", tournament, "entries", team], undefined, o); }
  /** @param {string} tournament @param {string} team @param {CallOptions} [o] @returns {Promise<string>} */
  entryReceipt(tournament, team, o) { return this.text("GET", ["tournaments", tournament, "entries", team, "receipt"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Report>} */
  tournamentReport(id, o) { return this.call("GET", ["tournaments", id, "report"], undefined, o); }

  // ---- Waiting rooms

  /** @param {string} id @param {Model.NewWaitingRoom} room @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
  createWaitingRoom(id, room, o) { return this.call("PUT", ["waiting-rooms", id], room, o); }
  /** @param {string} id @param {string | number} tag @param {Model.NewWaitingRoom} room @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
  setWaitingRoom(id, tag, room, o) { return this.call("PUT", ["waiting-rooms", id], room, { ...o, tag }); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.WaitingRoom, void, void>} */
  waitingRooms(o) { return this.list(["waiting-rooms"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WaitingRoom>} */
  waitingRoom(id, o) { return this.call("GET", ["waiting-rooms", id], undefined, o); }
  /** @param {string} room @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
  join(room, holder, o) { return this.call("POST", ["waiting-rooms", room, "visitors"], { holder }, o); }
  /** @param {string} room @param {string} visitor @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
  visit(room, visitor, o) { return this.call("GET", ["waiting-rooms", room, "visitors", visitor], undefined, o); }
  /** @param {string} room @param {string} visitor @param {CallOptions} [o] @returns {Promise<Model.Visit>} */
  leave(room, visitor, o) { return this.call("DELETE", ["waiting-rooms", room, "visitors", visitor], undefined, o); }

  // ---- Webhooks

  /** @param {Model.NewWebhook} webhook @param {CallOptions} [o] @returns {Promise<Model.WebhookWithSecret>} */
  createWebhook(webhook, o) { return this.call("POST", ["webhooks"], webhook, o); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Webhook, void, void>} */
  webhooks(o) { return this.list(["webhooks"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
  webhook(id, o) { return this.call("GET", ["webhooks", id], undefined, o); }
  /** @param {string} id @param {string | number} tag @param {Model.WebhookEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
  editWebhook(id, tag, edit, o) { return this.call("PATCH", ["webhooks", id], edit, { ...o, tag }); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.DeletedWebhook>} */
  deleteWebhook(id, o) { return this.call("DELETE", ["webhooks", id], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WebhookWithSecret>} */
  changeWebhookSecret(id, o) { return this.call("POST", ["webhooks", id, "secret"], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.WebhookTest>} */
  testWebhook(id, o) { return this.call("POST", ["webhooks", id, "test"], undefined, { ...o, key: "" }); }
  /** @param {string} id @param {number} from @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
  replayWebhook(id, from, o) { return this.call("POST", ["webhooks", id, "replay"], { from }, o); }

  // ---- API keys

  /**
   * Creates a key, whose text only this answer contains: if the outcome is unknown, find it with
   * apiKeys and end it.
   * @param {Model.NewAPIKey} key @param {CallOptions} [o] @returns {Promise<Model.APIKeyMade>}
   */
  createAPIKey(key, o) { return this.call("POST", ["api-keys"], key, { ...o, key: "" }); }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.APIKey, void, void>} */
  apiKeys(o) { return this.list(["api-keys"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.APIKey>} */
  apiKey(id, o) { return this.call("GET", ["api-keys", id], undefined, o); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.APIKey>} */
  endAPIKey(id, o) { return this.call("DELETE", ["api-keys", id], undefined, o); }

  // ---- Batches, the log and the system

  /**
   * Sends many commands in one request; a command by POST without an idempotency_key gets one.
   * @param {Model.BatchCommand[]} commands @param {CallOptions} [o] @returns {Promise<Model.BatchAnswer[]>}
   */
  async batch(commands, o) {
    const keyed = commands.map((command) => command.method === "POST" ? { idempotency_key: newKey(), ...command } : command);
    return (await this.call("POST", ["batch"], { commands: keyed }, { ...o, key: "" })).answers;
  }
  /** @param {CallOptions} [o] @returns {AsyncGenerator<Model.Event, void, void>} */
  events(o) { return this.list(["events"], o); }
  /** @param {string} stream @param {CallOptions} [o] @returns {AsyncGenerator<Model.Event, void, void>} */
  stream(stream, o) { return this.list(["streams", stream, "events"], o); }
  /** @param {string} id @param {CallOptions} [o] @returns {AsyncGenerator<Model.HistoryOf, void, void>} */
  histories(id, o) { return this.list(["history", id], o); }
  /**
   * Iterates over the history of a resource. The id of a seat has two parts, such as gala and A-1-1.
   * @param {string} kind @param {string | string[]} id @param {CallOptions} [o] @returns {AsyncGenerator<Model.HistoryLine, void, void>}
   */
  history(kind, id, o) { return this.list(["history", kind, ...[id].flat()], o); }
  /** @param {CallOptions} [o] @returns {Promise<Model.LogHead>} */
  logHead(o) { return this.call("GET", ["log", "head"], undefined, o); }
  /** @param {string} holder @param {CallOptions} [o] @returns {Promise<Model.Forgotten>} */
  forget(holder, o) { return this.call("DELETE", ["holders", holder, "contact"], undefined, o); }
  /** @param {CallOptions} [o] @returns {Promise<Model.Cluster>} */
  cluster(o) { return this.call("GET", ["cluster"], undefined, o); }
  /** @param {CallOptions} [o] @returns {Promise<Model.Backup>} */
  backup(o) { return this.call("POST", ["backups"], undefined, o); }
}
