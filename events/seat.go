package events

import (
	"strconv"
	"strings"
	"time"
)

func init() {
	register[SeatHeld]()
	register[SeatExtended]()
	register[SeatBooked]()
	register[SeatReleased]()
	register[SeatExpired]()
	register[SeatBlocked]()
	register[SeatUnblocked]()
}

// SeatName is how a seat is called: <section>-<row>-<number>, for example "A-1-1".
func SeatName(section string, row, number int64) string {
	name := append(make([]byte, 0, len(section)+12), section...)
	name = strconv.AppendInt(append(name, '-'), row, 10)
	return string(strconv.AppendInt(append(name, '-'), number, 10))
}

// ParseSeat takes a seat's name apart. A section's id may have hyphens of its own.
// ok is false for what [SeatName] does not make.
func ParseSeat(name string) (section string, row, number int64, ok bool) {
	last := strings.LastIndexByte(name, '-')
	if last < 0 {
		return "", 0, 0, false
	}
	middle := strings.LastIndexByte(name[:last], '-')
	if middle < 1 {
		return "", 0, 0, false
	}
	row, rowOK := counted(name[middle+1 : last])
	number, numberOK := counted(name[last+1:])
	return name[:middle], row, number, rowOK && numberOK
}

// counted reads a number from 1 as it is written: no sign, no leading zero.
func counted(digits string) (int64, bool) {
	if digits == "" || len(digits) > 9 || digits[0] == '0' {
		return 0, false
	}
	n := int64(0)
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(digits[i]-'0')
	}
	return n, true
}

// OfPerformance is the id of what belongs to one performance: its seat of that
// name, or its holder's allowance.
func OfPerformance(performanceID, rest string) string { return performanceID + "~" + rest }

// CutPerformance takes apart what [OfPerformance] made. No performance's id has a
// '~'.
func CutPerformance(id string) (performanceID, rest string) {
	performanceID, rest, _ = strings.Cut(id, "~")
	return performanceID, rest
}

// HoldID names one attempt of a booking at its seats and at their payment. The
// first is 1; a late payment that takes the seats again is another.
func HoldID(bookingID string, attempt int64) string {
	return bookingID + "." + strconv.FormatInt(attempt, 10)
}

// CutHoldID takes apart what [HoldID] made. ok is false for anything else.
func CutHoldID(holdID string) (bookingID string, attempt int64, ok bool) {
	dot := strings.LastIndexByte(holdID, '.')
	if dot < 1 {
		return "", 0, false
	}
	attempt, ok = counted(holdID[dot+1:])
	return holdID[:dot], attempt, ok
}

// SeatStatus is where a seat stands.
type SeatStatus string

// The four places a seat can be in.
const (
	SeatIsFree    SeatStatus = "free"
	SeatIsHeld    SeatStatus = "held"
	SeatIsBooked  SeatStatus = "booked"
	SeatIsBlocked SeatStatus = "blocked"
)

// SeatHeld keeps a seat for a booking until a deadline.
type SeatHeld struct {
	HoldID    string `json:"hold_id"`
	BookingID string `json:"booking_id"`
	Holder    string `json:"holder"`
	// Price in minor units of the currency.
	Price int64 `json:"price"`
	// ExpiresAt is the last moment of the hold: the booking's deadline and a grace,
	// so that the seat can't run out while the booking is being paid.
	ExpiresAt time.Time `json:"expires_at"`
	// FirstHeldAt is when the holder's stay on this seat began. It is earlier than
	// the hold if the holder had the seat just before and nobody else since.
	FirstHeldAt time.Time `json:"first_held_at"`
}

// Name is the frozen wire name.
func (*SeatHeld) Name() string { return "seat.held.v1" }

// AppendJSON appends the fact as JSON.
func (f *SeatHeld) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.String("booking_id", f.BookingID)
	o.String("holder", f.Holder)
	o.Int("price", f.Price)
	o.Time("expires_at", f.ExpiresAt)
	o.Time("first_held_at", f.FirstHeldAt)
	return o.Close()
}

// Holds says that one hold was opened.
func (f *SeatHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// SeatExtended moves the deadline of a hold.
type SeatExtended struct {
	HoldID    string    `json:"hold_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*SeatExtended) Name() string { return "seat.extended.v1" }

// AppendJSON appends the fact as JSON.
func (f *SeatExtended) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that a hold took the place of another.
func (f *SeatExtended) Holds() (opened, closed int, earliest time.Time) { return 1, 1, f.ExpiresAt }

// SeatBooked turns a hold into a booked seat.
type SeatBooked struct {
	HoldID    string `json:"hold_id"`
	BookingID string `json:"booking_id"`
	Holder    string `json:"holder"`
}

// Name is the frozen wire name.
func (*SeatBooked) Name() string { return "seat.booked.v1" }

// AppendJSON appends the fact as JSON.
func (f *SeatBooked) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.String("booking_id", f.BookingID)
	o.String("holder", f.Holder)
	return o.Close()
}

// Holds says that one hold was closed.
func (*SeatBooked) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// ReleaseReason says why a seat was given back.
type ReleaseReason string

// The reasons there are.
const (
	// ReleasedIncomplete: another seat of the booking could not be had.
	ReleasedIncomplete ReleaseReason = "incomplete"
	// ReleasedCancelled: the holder gave the booking back.
	ReleasedCancelled ReleaseReason = "cancelled"
	// ReleasedExpired: the booking was not paid in time.
	ReleasedExpired ReleaseReason = "expired"
	// ReleasedUnpaid: the payment failed after the booking's deadline.
	ReleasedUnpaid ReleaseReason = "unpaid"
	// ReleasedRetaken: the same booking takes the seat under another hold, which is
	// the next fact.
	ReleasedRetaken ReleaseReason = "retaken"
)

// SeatReleased gives a seat back.
type SeatReleased struct {
	HoldID string `json:"hold_id"`
	Holder string `json:"holder"`
	// Was is where the seat stood: held or booked.
	Was    SeatStatus    `json:"was"`
	Reason ReleaseReason `json:"reason"`
	// ReleasedAt is when it became free.
	ReleasedAt time.Time `json:"released_at"`
}

// Name is the frozen wire name.
func (*SeatReleased) Name() string { return "seat.released.v1" }

// AppendJSON appends the fact as JSON.
func (f *SeatReleased) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.String("holder", f.Holder)
	o.String("was", string(f.Was))
	o.String("reason", string(f.Reason))
	o.Time("released_at", f.ReleasedAt)
	return o.Close()
}

// Holds says that a hold was closed, if it was one.
func (f *SeatReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == SeatIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// SeatExpired frees a seat whose hold has passed its deadline.
type SeatExpired struct {
	HoldID    string    `json:"hold_id"`
	Holder    string    `json:"holder"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name is the frozen wire name.
func (*SeatExpired) Name() string { return "seat.expired.v1" }

// AppendJSON appends the fact as JSON.
func (f *SeatExpired) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("hold_id", f.HoldID)
	o.String("holder", f.Holder)
	o.Time("expires_at", f.ExpiresAt)
	return o.Close()
}

// Holds says that one hold was closed.
func (*SeatExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// SeatBlocked takes a free seat off sale.
type SeatBlocked struct{}

// Name is the frozen wire name.
func (*SeatBlocked) Name() string { return "seat.blocked.v1" }

// AppendJSON appends the fact as JSON.
func (*SeatBlocked) AppendJSON(dst []byte) []byte { return append(dst, "{}"...) }

// SeatUnblocked puts a blocked seat back on sale.
type SeatUnblocked struct{}

// Name is the frozen wire name.
func (*SeatUnblocked) Name() string { return "seat.unblocked.v1" }

// AppendJSON appends the fact as JSON.
func (*SeatUnblocked) AppendJSON(dst []byte) []byte { return append(dst, "{}"...) }
