package events

// SaleTerms are the terms of the performance on which a booking's fact was decided. They are embedded in
// the fact. A later edit does not change them.
type SaleTerms struct {
	// Terms is the revision of the latest edit of the performance that was known, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	// HoldSeconds is the time to pay the booking, and LimitPerHolder the limit of seats per holder. If HoldSeconds
	// is 0, as in older facts, both values are those of the performance's creation.
	HoldSeconds    int64 `json:"hold_seconds,omitempty"`
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
}
