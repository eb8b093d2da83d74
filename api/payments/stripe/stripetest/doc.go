// Package stripetest is a fake of Stripe for tests. It serves the used part of Stripe's API on loopback.
// Stripe's own library signs its events, so that no signature is verified by the code that made it.
package stripetest
