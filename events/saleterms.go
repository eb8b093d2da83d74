package events

// SaleTerms identify the terms of the performance on which a fact of a booking was decided, in which they are embedded.
// They are frozen: a later edit does not change what is held.
type SaleTerms struct {
	// Terms is the revision of the performance's newest edit that was known, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	// HoldSeconds is how long a booking might stay unpaid, and LimitPerHolder how many seats one
	// holder might have. A fact without HoldSeconds is from before performances could be edited, and
	// means both as the performance was created.
	HoldSeconds    int64 `json:"hold_seconds,omitempty"`
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
}
