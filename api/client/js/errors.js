// The errors of the client: the server refuses, or does not answer.

/** @import { Code, HistoryLine, SectionLeft } from "./models.d.ts" */

/**
 * A refusal, or another answer with a problem. `code` distinguishes them; the members that come
 * with a code are members of the error.
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
    /** @type {string | undefined} the invalid field */
    this.field = this.problem.field;
    /** @type {string | undefined} the kind of the missing resource */
    this.resource = this.problem.resource;
    /** @type {number | undefined} the number left */
    this.remaining = this.problem.remaining;
    /** @type {SectionLeft[] | undefined} the number left in each section */
    this.sections = this.problem.sections;
    /** @type {string[] | undefined} the taken seats */
    this.seats = this.problem.seats;
    /** @type {string[][] | undefined} seats available instead */
    this.alternatives = this.problem.alternatives;
    /** @type {number | undefined} of the resource that a stale edit missed */
    this.currentRevision = this.problem.current_revision;
    /** @type {HistoryLine[] | undefined} the changes since then */
    this.changes = this.problem.changes;
    /** @type {string | undefined} the room whose pass is needed */
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
 * The outcome of a call is unknown: no answer came, or the server does not know it either. The same
 * command with the same `key` may be sent again: it is not executed twice.
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
