// Package settlement has the rule of one reference under which a provider has paid a refund: it
// counts for one refund.
//
// It is a stream of its own, by provider and a hash of the reference, because refunds belong to
// different payments: only a stream that both have to write to can decide between them.
package settlement
