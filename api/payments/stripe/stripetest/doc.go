// Package stripetest has a Stripe for tests: over loopback, with the part of its API that is used, and
// with events that Stripe's own library signs, so that no signature is checked by the code that made it.
package stripetest
