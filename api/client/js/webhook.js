// Signatures of webhooks, by the Standard Webhooks specification.

/** @import { Event } from "./models.d.ts" */

const toleranceSeconds = 5 * 60;

/** A delivery whose signature is not valid. */
export class WebhookError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "WebhookError";
  }
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

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
export async function checkWebhook(secret, headers, body, now = Date.now()) {
  const all = headers instanceof Headers ? [...headers] : Object.entries(headers);
  /** @param {string} name */
  const header = (name) => all.filter(([key]) => key.toLowerCase() === name).flatMap(([, value]) => value ?? []).join(" ");
  const id = header("webhook-id"), at = header("webhook-timestamp");
  if (!/^\d+$/.test(at)) throw new WebhookError("the webhook-timestamp header is missing or not a number");
  if (Math.abs(now / 1000 - Number(at)) > toleranceSeconds) {
    throw new WebhookError("the webhook's timestamp is more than five minutes from now");
  }
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = new TextEncoder().encode(`${id}.${at}.${body}`);
  for (const signature of header("webhook-signature").split(" ")) {
    const [version, encoded = ""] = signature.split(",", 2);
    if (version !== "v1" || !/^[A-Za-z0-9+/]{43}=$/.test(encoded)) continue;
    if (await crypto.subtle.verify("HMAC", key, fromBase64(encoded), signed)) return JSON.parse(body);
  }
  throw new WebhookError("the webhook's signature is not valid");
}
