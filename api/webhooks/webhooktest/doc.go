// Package webhooktest has a receiver of webhooks for tests. It verifies deliveries with the reference
// library of Standard Webhooks, so that no signature is verified by the code that made it.
package webhooktest
