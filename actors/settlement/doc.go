// Package settlement implements the rule that a provider's reference for a paid refund settles only one
// refund.
//
// Each reference has a stream, named by the provider and a hash of the reference. Two refunds may belong to
// different payments, so the decision between them must be made in a stream that both write to.
package settlement
