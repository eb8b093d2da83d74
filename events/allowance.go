package events

import "time"

func init() {
	register[AllowanceTaken]()
	register[AllowanceExtended]()
	register[AllowanceKept]()
	register[AllowanceReleased]()
	register[AllowanceExpired]()
}

// AllowanceStatus is the status of a hold on an allowance.
type AllowanceStatus string

// The statuses of a hold on an allowance.
const (
	// AllowanceIsHeld: the seats are returned automatically at a deadline.
	AllowanceIsHeld AllowanceStatus = "held"
	// AllowanceIsKept: the seats belong to a paid booking.
	AllowanceIsKept AllowanceStatus = "kept"
)

// AllowanceTaken counts seats against the limit of one holder at one performance, until a deadline.
type AllowanceTaken struct {
	HoldID HoldID `json:"hold_id"`
	// Seats is the number of seats of this hold.
	Seats int64 `json:"seats"`
	// Taken is the holder's total after this fact.
	Taken     int64     `json:"taken"`
	ExpiresAt time.Time `json:"expires_at"`
	// Terms is the revision of the performance's edit that set the terms of the hold, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
}

func (*AllowanceTaken) Name() string { return "allowance.taken.v1" }

// Holds reports one opened hold.
func (f *AllowanceTaken) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// AllowanceExtended moves the deadline of a hold.
type AllowanceExtended struct {
	HoldID    HoldID    `json:"hold_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (*AllowanceExtended) Name() string { return "allowance.extended.v1" }

// Holds reports that one hold replaced another.
func (f *AllowanceExtended) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// AllowanceKept makes a hold permanent: the seats are paid for.
type AllowanceKept struct {
	HoldID HoldID `json:"hold_id"`
	// Seats is the number of seats of this hold.
	Seats int64 `json:"seats"`
	// Taken is the holder's total, which does not change.
	Taken int64 `json:"taken"`
}

func (*AllowanceKept) Name() string { return "allowance.kept.v1" }

// Holds reports one closed hold.
func (*AllowanceKept) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// AllowanceReleased returns the seats of a hold.
type AllowanceReleased struct {
	HoldID HoldID `json:"hold_id"`
	// Was is the previous status of the hold: held or kept.
	Was AllowanceStatus `json:"was"`
	// Seats is the number of seats of this hold.
	Seats int64 `json:"seats"`
	// Taken is the holder's total after this fact.
	Taken int64 `json:"taken"`
}

func (*AllowanceReleased) Name() string { return "allowance.released.v1" }

// Holds reports one closed hold, if it was held.
func (f *AllowanceReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == AllowanceIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// AllowanceExpired returns the seats of a hold that was not kept in time.
type AllowanceExpired struct {
	HoldID HoldID `json:"hold_id"`
	// Seats is the number of seats of this hold.
	Seats int64 `json:"seats"`
	// Taken is the holder's total after this fact.
	Taken     int64     `json:"taken"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (*AllowanceExpired) Name() string { return "allowance.expired.v1" }

// Holds reports one closed hold.
func (*AllowanceExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }
