package events

import "time"

func init() {
	register[AllowanceTaken]()
	register[AllowanceExtended]()
	register[AllowanceKept]()
	register[AllowanceReleased]()
	register[AllowanceExpired]()
}

// AllowanceStatus is where a part of an allowance stands.
type AllowanceStatus string

// The two places it can be in.
const (
	// AllowanceIsHeld goes back by itself at a deadline.
	AllowanceIsHeld AllowanceStatus = "held"
	// AllowanceIsKept belongs to a booking that is paid.
	AllowanceIsKept AllowanceStatus = "kept"
)

// AllowanceTaken takes seats out of what one holder may have of one performance,
// until a deadline.
type AllowanceTaken struct {
	HoldID string `json:"hold_id"`
	// Seats of this hold.
	Seats int64 `json:"seats"`
	// Taken in all after it.
	Taken     int64     `json:"taken"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*AllowanceTaken) Name() string { return "allowance.taken.v1" }

// AppendJSON appends the fact as JSON.
func (f *AllowanceTaken) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.Int("seats", f.Seats)
	o.Int("taken", f.Taken)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that one hold was opened.
func (f *AllowanceTaken) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// AllowanceExtended moves the deadline of a hold.
type AllowanceExtended struct {
	HoldID    string    `json:"hold_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*AllowanceExtended) Name() string { return "allowance.extended.v1" }

// AppendJSON appends the fact as JSON.
func (f *AllowanceExtended) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that a hold took the place of another.
func (f *AllowanceExtended) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// AllowanceKept keeps what a hold has taken, without a deadline: it is paid.
type AllowanceKept struct {
	HoldID string `json:"hold_id"`
	// Seats of this hold.
	Seats int64 `json:"seats"`
	// Taken in all after it, which is what it was before.
	Taken int64 `json:"taken"`
}

// Name is the frozen wire name.
func (*AllowanceKept) Name() string { return "allowance.kept.v1" }

// AppendJSON appends the fact as JSON.
func (f *AllowanceKept) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.Int("seats", f.Seats)
	o.Int("taken", f.Taken)
	return o.Close()
}

// Holds says that one hold was closed.
func (*AllowanceKept) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// AllowanceReleased gives back what a hold has taken.
type AllowanceReleased struct {
	HoldID string `json:"hold_id"`
	// Was is where it stood: held or kept.
	Was AllowanceStatus `json:"was"`
	// Seats of this hold.
	Seats int64 `json:"seats"`
	// Taken in all after it.
	Taken int64 `json:"taken"`
}

// Name is the frozen wire name.
func (*AllowanceReleased) Name() string { return "allowance.released.v1" }

// AppendJSON appends the fact as JSON.
func (f *AllowanceReleased) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.String("was", string(f.Was))
	o.Int("seats", f.Seats)
	o.Int("taken", f.Taken)
	return o.Close()
}

// Holds says that a hold was closed, if it was one.
func (f *AllowanceReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == AllowanceIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// AllowanceExpired gives back what one hold has taken and not kept in time.
type AllowanceExpired struct {
	HoldID string `json:"hold_id"`
	// Seats of this hold.
	Seats int64 `json:"seats"`
	// Taken in all after it.
	Taken     int64     `json:"taken"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*AllowanceExpired) Name() string { return "allowance.expired.v1" }

// AppendJSON appends the fact as JSON.
func (f *AllowanceExpired) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.Int("seats", f.Seats)
	o.Int("taken", f.Taken)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that one hold was closed.
func (*AllowanceExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }
