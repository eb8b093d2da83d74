/**
 * Checks the signature of a delivery, and returns its event. The same event may come more than once:
 * its id is in the header webhook-id too. It throws if the delivery was not signed with the secret,
 * or more than five minutes ago.
 *
 * @param {string} secret what the webhook was made with: whsec_…
 * @param {Headers | Record<string, string | string[] | undefined>} headers of the request
 * @param {string} body as it came
 * @param {number} [now] in milliseconds
 * @returns {Promise<Event>}
 */
export function checkWebhook(secret: string, headers: Headers | Record<string, string | string[] | undefined>, body: string, now?: number): Promise<Event>;
import type { Event } from "./models.d.ts";
