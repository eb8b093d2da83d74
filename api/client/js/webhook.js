// Signatures of webhooks, as the Standard Webhooks specification has them.

/** @import { Event } from "./models.d.ts" */

const tolerance = 5 * 60; // seconds

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

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
export async function checkWebhook(secret, headers, body, now = Date.now()) {
  /** @param {string} name */
  const header = (name) => String((headers instanceof Headers ? headers.get(name) : headers[name]) ?? "");
  const id = header("webhook-id"), at = header("webhook-timestamp");
  if (!/^\d+$/.test(at) || Math.abs(now / 1000 - Number(at)) > tolerance) {
    throw new Error("the webhook's time is too far from now");
  }
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = new TextEncoder().encode(`${id}.${at}.${body}`);
  for (const signature of header("webhook-signature").split(" ")) {
    const [version, encoded = ""] = signature.split(",", 2);
    if (version !== "v1" || !/^[A-Za-z0-9+/]{43}=$/.test(encoded)) continue;
    if (await crypto.subtle.verify("HMAC", key, fromBase64(encoded), signed)) return JSON.parse(body);
  }
  throw new Error("the webhook's signature is not valid");
}
