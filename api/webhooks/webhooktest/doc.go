// Package webhooktest has a receiver of webhooks for tests. It verifies deliveries with the library
// that receivers use, so that no signature is checked by the code that made it.
package webhooktest
