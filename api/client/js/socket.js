// The socket that keeps topics current across connections.

/**
 * @typedef {object} Item
 * @property {string} topic such as product:tee
 * @property {number} [position] of the last frame applied; 0 for none
 * @property {(data: any, event: "snapshot" | "delta") => void} take gets each frame once and in order
 * @property {(problem: {code: any, detail: string}) => void} [refused] called if there is no such
 * topic
 */

/**
 * @typedef {object} Watched
 * @property {Item} item
 * @property {string} epoch of the log that the item's position belongs to
 * @property {boolean} current the last subscription was answered, so a frame that does not fit
 * means a gap
 */

const minBackoff = 500, maxBackoff = 15_000, connectTimeout = 8_000, chunk = 12;
// In milliseconds. A socket is pinged after a quiet period, and closed if no answer comes within the
// deadline: a dead network reports nothing. Until all topics are current the deadline is longer,
// because the first frames may be large.
const quiet = 5_000, deadline = 3_000, longDeadline = 20_000;

/** Keeps watched topics current over one WebSocket at a time. */
export class LiveSocket {
  /** @type {Map<string, Watched>} */
  #watched = new Map();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock;
  #pingedAt = 0; // time of a ping without an answer; 0 for none
  #url; #epoch; #WebSocket; #changed; #hidden;

  /** Failed attempts to connect since everything was current. */
  failures = 0;
  /** Whether everything has been current since the socket opened. */
  settled = false;
  /** The time at which the server last sent anything, by Date.now(). */
  heard = 0;

  /**
   * @param {string} url of the socket: wss://…/ws
   * @param {object} [options]
   * @param {string} [options.epoch] of the log that the positions of items belong to
   * @param {typeof WebSocket} [options.WebSocket] in place of the global one
   * @param {() => void} [options.changed] called when the state of the connection has changed
   * @param {() => boolean} [options.hidden] whether the page is hidden; then it pings rarely
   */
  constructor(url, { epoch = "", WebSocket = globalThis.WebSocket, changed = () => {}, hidden = () => false } = {}) {
    this.#url = url;
    this.#epoch = epoch;
    this.#WebSocket = WebSocket;
    this.#changed = changed;
    this.#hidden = hidden;
  }

  /** Whether the connection is open. */
  get open() { return this.#socket?.readyState === 1; }

  /**
   * Follows a topic. The item replaces any other one for the same topic.
   * @param {Item} item
   */
  watch(item) {
    const watched = { item, epoch: this.#epoch, current: false };
    this.#watched.set(item.topic, watched);
    this.#clock ??= setInterval(() => this.#check(), 1_000);
    if (this.open) this.#subscribe([watched]);
    else this.#connect();
  }

  /**
   * Stops following a topic.
   * @param {string} topic
   */
  unwatch(topic) {
    if (this.#watched.delete(topic) && this.open) this.#send({ event: "unsubscribe", data: { topics: [topic] } });
  }

  /** Closes the socket; no item gets anything after that. */
  close() {
    clearTimeout(this.#timer);
    clearInterval(this.#clock);
    this.#clock = undefined;
    this.#watched.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Connects at once, because the network or the user is back. An open socket is pinged. */
  hurry() {
    if (this.#socket) this.#ping();
    else if (!this.#hidden()) { this.failures = 0; this.#connect(); }
  }

  #connect() {
    clearTimeout(this.#timer);
    if (this.#socket || this.#watched.size === 0) return;
    const socket = this.#socket = new this.#WebSocket(this.#url);
    /** @type {<E>(handle: (event: E) => void) => (event: E) => void} */
    const mine = (handle) => (event) => { if (this.#socket === socket) handle(event); };
    this.#pingedAt = 0;
    socket.onopen = mine(() => this.#subscribe([...this.#watched.values()]));
    socket.onmessage = mine(({ data }) => {
      this.heard = Date.now();
      this.#pingedAt = 0;
      this.#onMessage(JSON.parse(data));
      this.#changed();
    });
    socket.onclose = mine(({ code, reason }) => this.#reconnect(code === 1012 ? Number(reason.match(/\d+/)) : 0));
    socket.onerror = () => {}; // onclose follows
    setTimeout(() => { if (this.#socket === socket && socket.readyState === 0) this.#reconnect(); }, connectTimeout);
  }

  // Drops the socket at once, because a dead one does not close, and connects again after a backoff
  // with jitter, or after the delay that the server asks for.
  #reconnect(hint = 0) {
    const socket = this.#socket;
    this.#socket = null;
    this.settled = false;
    socket?.close();
    for (const watched of this.#watched.values()) watched.current = false;
    const wait = Math.min(hint, maxBackoff) || Math.random() * Math.min(maxBackoff, minBackoff * 2 ** this.failures++);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#changed();
  }

  // Sends a ping, one at a time.
  #ping() {
    if (this.#pingedAt || !this.open) return;
    this.#pingedAt = Date.now();
    this.#send({ event: "ping" });
  }

  // Pings a quiet socket, and drops one that has not answered.
  #check() {
    const now = Date.now();
    if (this.#pingedAt && now - this.#pingedAt > (this.settled ? deadline : longDeadline)) this.#reconnect();
    else if (now - this.heard > (this.#hidden() ? 4 * quiet : quiet)) this.#ping();
    if (!this.#hidden()) this.#changed();
  }

  /** @param {object} message */
  #send(message) { this.#socket?.send(JSON.stringify(message)); }

  /**
   * Subscribes from the last position received, for a dozen topics at a time because a message may
   * be 4 KiB long at most.
   * @param {Watched[]} list
   */
  #subscribe(list) {
    for (let i = 0; i < list.length; i += chunk) {
      const part = list.slice(i, i + chunk);
      for (const watched of part) watched.current = false;
      const known = part.filter(({ item, epoch }) => (item.position ?? 0) > 0 && epoch === this.#epoch);
      const since = Object.fromEntries(known.map(({ item }) => [item.topic, item.position]));
      this.#send({ event: "subscribe", data: { topics: part.map(({ item }) => item.topic), since, epoch: this.#epoch } });
    }
  }

  /** @param {{event: string, data: any}} message */
  #onMessage({ event, data }) {
    const watched = this.#watched.get(data?.topic);
    if (!watched) return;
    if (event === "error") return this.#refused(watched, data);
    if (event === "snapshot") this.#epoch = watched.epoch = data.epoch;
    else if (event !== "delta") return;
    else if (data.previous !== watched.item.position) {
      // A gap, unless the last subscription is unanswered: until then, older frames may arrive.
      if (watched.current) this.#subscribe([watched]);
      return;
    }
    watched.item.position = data.position;
    watched.item.take(data, event === "snapshot" ? "snapshot" : "delta");
    this.#settle(watched);
  }

  /**
   * Subscribes again, unless the topic does not exist.
   * @param {Watched} watched
   * @param {any} problem
   */
  #refused(watched, problem) {
    if (problem.code === "not_found" || problem.code === "bad_parameter") {
      watched.item.refused?.(problem);
      return this.#settle(watched);
    }
    const socket = this.#socket;
    setTimeout(() => {
      if (this.#socket === socket && this.#watched.get(watched.item.topic) === watched) this.#subscribe([watched]);
    }, minBackoff * (1 + Math.random()));
  }

  /**
   * Marks a topic as current; once all are, the socket is live.
   * @param {Watched} watched
   */
  #settle(watched) {
    watched.current = true;
    if (![...this.#watched.values()].every(({ current }) => current)) return;
    this.settled = true;
    this.failures = 0;
  }
}
