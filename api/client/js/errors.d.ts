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
    constructor(status: number, problem: any, retryAfter: number);
    status: number;
    retryAfter: number;
    /** @type {any} all members of the problem */
    problem: any;
    /** @type {Code | undefined} */
    code: Code | undefined;
    /** @type {string | undefined} */
    requestId: string | undefined;
    /** @type {string | undefined} which field can't be */
    field: string | undefined;
    /** @type {string | undefined} what is not there */
    resource: string | undefined;
    /** @type {number | undefined} how many are left */
    remaining: number | undefined;
    /** @type {SectionLeft[] | undefined} how many of each section */
    sections: SectionLeft[] | undefined;
    /** @type {string[] | undefined} the seats that are taken */
    seats: string[] | undefined;
    /** @type {string[][] | undefined} what could be had instead */
    alternatives: string[][] | undefined;
    /** @type {number | undefined} of what an edit was too late for */
    currentRevision: number | undefined;
    /** @type {HistoryLine[] | undefined} what happened since */
    changes: HistoryLine[] | undefined;
    /** @type {string | undefined} whose pass is needed */
    waitingRoom: string | undefined;
    /** @type {string | undefined} when the sale opens */
    opensAt: string | undefined;
    /** @type {string | undefined} when the sale closed */
    closesAt: string | undefined;
    /** @type {string | undefined} when the hold ended */
    expiredAt: string | undefined;
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
