// Errors: the server says no, or nobody says anything.

/** @import { Code, HistoryLine, SectionLeft } from "./models.d.ts" */

/**
 * An answer of the server that says no. `code` tells one from another; the members that come with a
 * code are members of the error.
 */
export class AdmitoneError extends Error {
  /**
   * @param {number} status of HTTP
   * @param {any} problem the problem document, or null
   * @param {number} retryAfter when to ask again, in milliseconds; 0 if the server does not say
   */
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? `the server answered ${status}`);
    this.name = "AdmitoneError";
    this.status = status;
    this.retryAfter = retryAfter;
    /** @type {any} all members of the problem */
    this.problem = problem ?? {};
    /** @type {Code | undefined} */
    this.code = this.problem.code;
    /** @type {string | undefined} */
    this.requestId = this.problem.request_id;
    /** @type {string | undefined} which field can't be */
    this.field = this.problem.field;
    /** @type {string | undefined} what is not there */
    this.resource = this.problem.resource;
    /** @type {number | undefined} how many are left */
    this.remaining = this.problem.remaining;
    /** @type {SectionLeft[] | undefined} how many of each section */
    this.sections = this.problem.sections;
    /** @type {string[] | undefined} the seats that are taken */
    this.seats = this.problem.seats;
    /** @type {string[][] | undefined} what could be had instead */
    this.alternatives = this.problem.alternatives;
    /** @type {number | undefined} of what an edit was too late for */
    this.currentRevision = this.problem.current_revision;
    /** @type {HistoryLine[] | undefined} what happened since */
    this.changes = this.problem.changes;
    /** @type {string | undefined} whose pass is needed */
    this.waitingRoom = this.problem.waiting_room;
    /** @type {string | undefined} when the sale opens */
    this.opensAt = this.problem.opens_at;
    /** @type {string | undefined} when the sale closed */
    this.closesAt = this.problem.closes_at;
    /** @type {string | undefined} when the hold ended */
    this.expiredAt = this.problem.expired_at;
  }
}

/**
 * The outcome of a call is unknown: no answer came, or only that the server can't say. The same
 * command with the same `key` may be sent again: it is not done twice.
 */
export class UnansweredError extends Error {
  /**
   * @param {string} key the Idempotency-Key of a command by POST, else ""
   * @param {unknown} cause the error of the last attempt
   */
  constructor(key, cause) {
    super(`the outcome is unknown: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.name = "UnansweredError";
    this.key = key;
    /** @type {Code | undefined} of the last attempt, if it was answered */
    this.code = cause instanceof AdmitoneError ? cause.code : undefined;
  }
}

/** The server refuses a topic of a watch. */
export class TopicError extends Error {
  /**
   * @param {string} topic
   * @param {{code: Code, detail: string}} problem
   */
  constructor(topic, { code, detail }) {
    super(`${topic}: ${detail}`);
    this.name = "TopicError";
    this.topic = topic;
    this.code = code;
  }
}
