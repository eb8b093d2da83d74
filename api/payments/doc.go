// Package payments lets a payment provider collect the money for bookings: it opens checkout pages,
// records the provider's reports, and requests refunds. [Provider] is the interface to a provider;
// each implementation is a package below this one. [Gateway] is independent of the provider.
//
// # A page
//
// The booking's intent is recorded first, with everything that the page consists of. Then the page is
// created with the intent's id as idempotency key, and its URL is recorded in the booking. So a repeated
// request returns the same page, even after a crash. If the provider does not answer, the next request
// retries. The intent ends if the provider refuses, or has created no page within a minute;
// [bookings.Bookings.Resume] ends the intent of a server that has crashed meanwhile.
//
// # When an intent ends
//
// Its page has to be closed when the intent ends for any reason: nobody may pay for released seats.
// A cursor in the log follows the ends of intents and closes their pages, so a crash loses none. A
// page that the booking does not know, because a server crashed before recording it, is requested
// once more with the intent's id and closed.
//
// # Reports
//
// A report is authenticated by its signature alone. It is answered with success once its content is
// durable, and with a failure otherwise, so that the provider sends it again. An authentic report that
// this log can't use (for an unknown resource, or a known reference with a different amount) is logged and
// answered with success too: sending it again would change nothing.
//
// # Refunds
//
// Another cursor requests the refunds that are owed for the provider's payments. The payment first
// records that the refund is requested. Before each request, the refunds that the provider has for the
// payment are read: one with our id is the outcome, and one that the log does not know stops the
// request, because it may be for the same money. The provider forgets idempotency keys after a day, but
// not the id in a refund's metadata.
//
// A refund that is pending at the provider stays owed and requested. Its outcome arrives with a report,
// or else a third cursor polls for it, at intervals that grow to an hour, until the refund is settled
// or has failed.
package payments
