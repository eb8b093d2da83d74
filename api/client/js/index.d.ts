export { LiveSocket } from "./socket.js";
export { checkWebhook } from "./webhook.js";
export { Client, newKey } from "./client.js";
export { AdmitoneError, TopicError, UnansweredError } from "./errors.js";
