// Package stripe implements [payments.Provider] with Stripe: its Checkout pages, signed webhooks and
// refunds. It is the only package that knows Stripe.
//
// # Why Stripe's library is not used
//
// It would add 10 MB to a program of 56 MB: the linker can't drop unused methods from a program that
// calls methods by name. Only four form requests and an HMAC signature are needed. The tests sign
// events with Stripe's library for Node, so no signature is verified by the code that made it.
//
// # Which events count
//
// A payment counts when its session is paid: at its completion, or later for methods that take days.
// Its reference is the id of the PaymentIntent, whichever event reports it. Sessions and refunds that
// were created here have our ids in their metadata; all others in the same account are ignored.
//
// # How events are read
//
// Only the few members that are needed are decoded, independently of the API version: an endpoint's
// events have the version with which the endpoint was created. The signature is verified over the raw
// body. The server's limit for bodies applies, which is far above the size of any relevant event.
//
// # Amounts
//
// Stripe counts most currencies in the minor units of ISO 4217. The others are refused when a server
// starts; see [CheckCurrency].
package stripe
