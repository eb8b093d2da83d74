export { Client } from "./client.js";
export { newKey } from "./connection.js";
export { LiveSocket } from "./socket.js";
export { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
export { checkWebhook, WebhookError } from "./webhook.js";
