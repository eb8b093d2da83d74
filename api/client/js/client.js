// Commands and reads over HTTP, and live topics.

import { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
import { LiveSocket } from "./socket.js";

/**
 * @import * as Model from "./models.d.ts"
 *
 * @typedef {object} Options
 * @property {string} [token] a JWT or a key of the API
 * @property {typeof fetch} [fetch] in place of the global one
 * @property {typeof WebSocket} [WebSocket] in place of the global one
 * @property {number} [patience] how long a call is retried, in milliseconds (30,000); 0 for one
 * attempt
 *
 * @typedef {object} CallOptions
 * @property {string} [key] the Idempotency-Key of a command, instead of a generated one
 * @property {string} [pass] of the waiting room that guards the resource
 * @property {string} [tag] the edit_tag or revision that an edit is based on
 * @property {string} [requestId] identifies the request in the server's log
 * @property {Record<string, string | number | boolean | undefined>} [query] such as at, min_position, limit, and filters
 * @property {AbortSignal} [signal] ends the call
 *
 * @typedef {object} Frame
 * @property {string} topic
 * @property {boolean} snapshot data is the whole topic; otherwise it is a change
 * @property {number} position of the last event that it contains
 * @property {any} data all members of a ProductSnapshot, ProductDelta, SeatsDelta and so on
 */

const attemptTimeout = 15_000, firstPause = 100, longestPause = 5_000, longestQueue = 1_000;

/** Generates an Idempotency-Key. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs HTTPS
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Waits.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => { clearTimeout(timer); reject(signal?.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); resolve(undefined); }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** @param {string | null} text of Retry-After @returns {number} in milliseconds */
function retryAfter(text) {
  if (!text) return 0;
  const seconds = Number(text);
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(text) - Date.now() || 0 : seconds * 1000);
}

/** A client of one server. */
export class Client {
  #base; #token; #fetch; #WebSocket; #patience;

  /**
   * @param {string} address of the server: https://tickets.example
   * @param {Options} [options]
   */
  constructor(address, { token = "", fetch, WebSocket, patience = 30_000 } = {}) {
    this.#base = new URL(address).href.replace(/\/+$/, "");
    this.#token = token;
    this.#fetch = fetch ?? globalThis.fetch.bind(globalThis);
    this.#WebSocket = WebSocket ?? globalThis.WebSocket;
    this.#patience = patience;
  }

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
  async call(method, path, body, { key, pass, tag, requestId, query = {}, signal } = {}) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method === "POST" && key !== "") headers["Idempotency-Key"] = key ?? newKey();
    if (this.#token) headers.Authorization = "Bearer " + this.#token;
    if (pass) headers["Admission-Pass"] = pass;
    if (tag !== undefined) headers["If-Match"] = `"${tag}"`;
    if (requestId) headers["X-Request-Id"] = requestId;
    const url = this.#url(path, query);
    const until = Date.now() + this.#patience;
    for (let attempt = 0; ; attempt++) {
      const [answer, error] = await this.#attempt(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }, signal);
      if (!error) return answer;
      signal?.throwIfAborted();
      const status = error instanceof AdmitoneError ? error.status : 0, undone = status === 429;
      if (status !== 0 && !undone && (status < 500 || /** @type {AdmitoneError} */ (error).code === "internal")) throw error;
      const longest = Math.min(firstPause * 2 ** attempt, longestPause);
      const wait = error instanceof AdmitoneError && error.retryAfter || longest * (.5 + Math.random() / 2);
      // An edit that may have been applied is not sent again: it would be refused as stale.
      if (tag !== undefined && !undone || Date.now() + wait > until) {
        throw undone ? error : new UnansweredError(headers["Idempotency-Key"] ?? "", error);
      }
      await pause(wait, signal);
    }
  }

  /**
   * @param {(string | number)[]} path
   * @param {Record<string, any>} query
   */
  #url(path, query) {
    const parts = path.map((part) => {
      if (["", ".", ".."].includes(String(part))) throw new TypeError(`"${part}" can't be a part of a path`);
      return encodeURIComponent(part);
    });
    const chosen = Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
    const search = chosen.length > 0 ? "?" + new URLSearchParams(chosen) : "";
    return `${this.#base}/v1/${parts.join("/")}${search}`;
  }

  /**
   * Sends a request once.
   * @param {string} url
   * @param {RequestInit} request
   * @param {AbortSignal} [signal]
   * @returns {Promise<[any, unknown]>} the answer and the error
   */
  async #attempt(url, request, signal) {
    const ended = new AbortController();
    const stop = () => ended.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => ended.abort(new Error("no answer came in time")), attemptTimeout);
    try {
      const answer = await this.#fetch(url, { ...request, cache: "no-store", signal: ended.signal });
      const text = await answer.text();
      if (answer.ok) return [JSON.parse(text), null];
      let problem = null;
      try { problem = JSON.parse(text); } catch { /* perhaps the answer of a proxy */ }
      return [null, new AdmitoneError(answer.status, problem, retryAfter(answer.headers.get("Retry-After")))];
    } catch (error) {
      return [null, error];
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /**
   * Iterates over a list, page by page.
   * @param {(string | number)[]} path
   * @param {CallOptions} [options]
   * @returns {AsyncGenerator<any, void, void>}
   */
  async *list(path, options = {}) {
    for (let cursor; ;) {
      const page = await this.call("GET", path, undefined, { ...options, query: { ...options.query, cursor } });
      yield* page.items;
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  /**
   * Iterates over the frames of topics: first a snapshot of each, then every change, in order, once
   * and without a gap, whatever happens to the connection. It ends when the caller breaks off or
   * signal is aborted; it throws a TopicError for a topic that does not exist.
   *
   * @param {string[]} topics such as product:tee
   * @param {{signal?: AbortSignal}} [options]
   * @returns {AsyncGenerator<Frame, void, void>}
   */
  async *watch(topics, { signal } = {}) {
    /** @type {Frame[]} */
    let queue = [];
    /** @type {unknown} */
    let failure = null;
    let wake = () => {}, epoch = "", overflow = false;
    const link = { socket: /** @type {LiveSocket | null} */ (null) };
    const yielded = new Map(topics.map((topic) => [topic, 0])); // topic -> position
    const stop = () => { failure = signal?.reason; wake(); };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    /** @param {string} topic @param {any} data @param {string} event */
    const take = (topic, data, event) => {
      if (overflow || event === "delta" && data.position === data.previous) return;
      queue.push({ topic, snapshot: event === "snapshot", position: data.position, data });
      // A slow subscriber resumes later from its position; the server merges the missed changes.
      overflow = queue.length > longestQueue;
      wake();
    };
    const open = () => {
      overflow = false;
      const socket = link.socket = new LiveSocket(this.#base.replace(/^http/, "ws") + "/ws", { epoch, WebSocket: this.#WebSocket });
      for (const [topic, position] of yielded) {
        socket.watch({ topic, position, take: (data, event) => take(topic, data, event),
          refused: (problem) => { failure = new TopicError(topic, problem); wake(); } });
      }
    };
    try {
      open();
      for (;;) {
        if (failure) throw failure;
        const frame = queue.shift();
        if (!frame) {
          if (overflow) open();
          await new Promise((resolve) => { wake = () => resolve(undefined); });
          continue;
        }
        if (overflow) link.socket?.close();
        if (frame.snapshot && frame.data.epoch !== epoch) {
          epoch = frame.data.epoch; // another log: positions of the old one are void
          for (const topic of topics) yielded.set(topic, 0);
        }
        yielded.set(frame.topic, frame.position);
        yield frame;
      }
    } finally {
      link.socket?.close();
      signal?.removeEventListener("abort", stop);
    }
  }

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
  /** @param {string} holder @param {CallOptions} [o] @returns {AsyncGenerator<Model.WalletEntry, void, void>} */
  walletEntries(holder, o) { return this.list(["wallets", holder, "entries"], o); }

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

  // ---- Waiting rooms

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
  /** @param {string} id @param {string} tag @param {Model.WebhookEdit} edit @param {CallOptions} [o] @returns {Promise<Model.Webhook>} */
  editWebhook(id, tag, edit, o) { return this.call("PATCH", ["webhooks", id], edit, { ...o, tag }); }
  /** @param {string} id @param {CallOptions} [o] @returns {Promise<Model.DeletedWebhook>} */
  deleteWebhook(id, o) { return this.call("DELETE", ["webhooks", id], undefined, o); }

  // ---- Batches and the log

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
  /** @param {CallOptions} [o] @returns {Promise<Model.LogHead>} */
  logHead(o) { return this.call("GET", ["log", "head"], undefined, o); }
}
