/**
 * Checks the signature of a delivery, and returns its event. The same event may come more than once:
 * its id is in the header webhook-id too.
 *
 * @param {string} secret the webhook's signing secret, whsec_…
 * @param {Headers | Record<string, string | string[] | undefined>} headers of the request
 * @param {string} body the raw request body, before any JSON parsing
 * @param {number} [now] in milliseconds
 * @returns {Promise<Event>}
 * @throws {WebhookError} if the signature is missing or invalid, or its timestamp is more than five
 * minutes from now in either direction
 */
export function checkWebhook(secret: string, headers: Headers | Record<string, string | string[] | undefined>, body: string, now?: number): Promise<Event>;
/** A delivery whose signature is not valid. */
export class WebhookError extends Error {
    /** @param {string} message */
    constructor(message: string);
}
import type { Event } from "./models.d.ts";
