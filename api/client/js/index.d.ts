export { LiveSocket } from "./socket.js";
export { Client, newKey } from "./client.js";
export { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
export { checkWebhook, WebhookError } from "./webhook.js";
