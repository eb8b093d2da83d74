// A client of admitone for browsers and Node, without dependencies; see README.md.

export { Client } from "./client.js";
export { newKey } from "./connection.js";
export { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
export { LiveSocket } from "./socket.js";
export { checkWebhook, WebhookError } from "./webhook.js";
