// Requests over HTTP, and live topics.

import { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
import { LiveSocket } from "./socket.js";

/**
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
 * @property {string | number} [tag] the edit_tag or revision that an edit is based on
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

/** The requests, lists and live topics of a server, by path. Client adds a method for each operation. */
export class Connection {
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
   * Idempotency-Key, the same in each attempt. Most methods of Client use it.
   *
   * @param {string} method
   * @param {(string | number)[]} path below /v1, in parts
   * @param {any} [body]
   * @param {CallOptions} [options]
   * @returns {Promise<any>} the answer; it throws AdmitoneError, UnansweredError, or the reason of
   * an aborted signal
   */
  async call(method, path, body, options) {
    return JSON.parse(await this.text(method, path, body, options));
  }

  /**
   * Does as call, and returns the text of the answer, unmodified.
   *
   * @param {string} method
   * @param {(string | number)[]} path
   * @param {any} [body]
   * @param {CallOptions} [options]
   * @returns {Promise<string>}
   */
  async text(method, path, body, { key, pass, tag, requestId, query = {}, signal } = {}) {
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
      const status = error instanceof AdmitoneError ? error.status : 0, notExecuted = status === 429;
      if (status !== 0 && !notExecuted && (status < 500 || /** @type {AdmitoneError} */ (error).code === "internal")) throw error;
      const longest = Math.min(firstPause * 2 ** attempt, longestPause);
      const wait = error instanceof AdmitoneError && error.retryAfter || longest * (.5 + Math.random() / 2);
      // An edit that may have been applied is not sent again: it would be refused as stale.
      if (tag !== undefined && !notExecuted || Date.now() + wait > until) {
        throw notExecuted ? error : new UnansweredError(headers["Idempotency-Key"] ?? "", error);
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
    const given = Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
    const search = given.length > 0 ? "?" + new URLSearchParams(given) : "";
    return `${this.#base}/v1/${parts.join("/")}${search}`;
  }

  /**
   * Sends a request once.
   * @param {string} url
   * @param {RequestInit} request
   * @param {AbortSignal} [signal]
   * @returns {Promise<[string, unknown]>} the answer and the error
   */
  async #attempt(url, request, signal) {
    const controller = new AbortController();
    const stop = () => controller.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => controller.abort(new Error("no answer came in time")), attemptTimeout);
    try {
      const answer = await this.#fetch(url, { ...request, cache: "no-store", signal: controller.signal });
      const text = await answer.text();
      if (answer.ok) {
        JSON.parse(text); // an answer that is not JSON is not from the server
        return [text, null];
      }
      let problem = null;
      try { problem = JSON.parse(text); } catch { /* perhaps the answer of a proxy */ }
      return ["", new AdmitoneError(answer.status, problem, retryAfter(answer.headers.get("Retry-After")))];
    } catch (error) {
      return ["", error];
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
    if (!this.#WebSocket) {
      throw new Error("watch needs a WebSocket, which Node has since version 22: pass another one as the option WebSocket");
    }
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
          epoch = frame.data.epoch; // a different log: positions of the old one are void
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
}
