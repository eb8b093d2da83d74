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
    constructor(status: number, problem: any, retryAfter: number);
    status: number;
    retryAfter: number;
    /** @type {any} all members of the problem */
    problem: any;
    /** @type {Code | undefined} */
    code: Code | undefined;
    /** @type {string | undefined} */
    requestId: string | undefined;
    /** @type {string | undefined} the invalid field */
    field: string | undefined;
    /** @type {string | undefined} the kind of the missing resource */
    resource: string | undefined;
    /** @type {number | undefined} the number left */
    remaining: number | undefined;
    /** @type {SectionLeft[] | undefined} the number left in each section */
    sections: SectionLeft[] | undefined;
    /** @type {string[] | undefined} the taken seats */
    seats: string[] | undefined;
    /** @type {string[][] | undefined} seats available instead */
    alternatives: string[][] | undefined;
    /** @type {number | undefined} of the resource that a stale edit missed */
    currentRevision: number | undefined;
    /** @type {HistoryLine[] | undefined} the changes since then */
    changes: HistoryLine[] | undefined;
    /** @type {string | undefined} the room whose pass is needed */
    waitingRoom: string | undefined;
    /** @type {string | undefined} when the sale opens */
    opensAt: string | undefined;
    /** @type {string | undefined} when the sale closed */
    closesAt: string | undefined;
    /** @type {string | undefined} when the hold ended */
    expiredAt: string | undefined;
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
    constructor(key: string, cause: unknown);
    key: string;
    /** @type {Code | undefined} of the last attempt, if it was answered */
    code: Code | undefined;
}
/** The server refuses a topic of a watch. */
export class TopicError extends Error {
    /**
     * @param {string} topic
     * @param {{code: Code, detail: string}} problem
     */
    constructor(topic: string, { code, detail }: {
        code: Code;
        detail: string;
    });
    topic: string;
    code: Code;
}
import type { Code } from "./models.d.ts";
import type { SectionLeft } from "./models.d.ts";
import type { HistoryLine } from "./models.d.ts";
