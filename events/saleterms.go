package events

// SaleTerms identify the terms of the performance on which a fact of a booking was decided, in
// which they are embedded. They are frozen: a later edit does not change existing holds.
type SaleTerms struct {
	// Terms is the revision of the performance's newest edit that was known, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	// HoldSeconds is the time to pay the booking, and LimitPerHolder the limit of seats per holder.
	// A fact without HoldSeconds is from before performances could be edited, and means both values
	// of the performance's creation.
	HoldSeconds    int64 `json:"hold_seconds,omitempty"`
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
}
