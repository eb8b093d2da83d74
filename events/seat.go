package events

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// NewSeatName returns the name of a seat: <section>-<row>-<number>, for example "A-1-1".
func NewSeatName(section SectionID, row, number int64) SeatName {
	name := append(make([]byte, 0, len(section)+12), section...)
	name = strconv.AppendInt(append(name, '-'), row, 10)
	return SeatName(strconv.AppendInt(append(name, '-'), number, 10))
}

// ParseSeat splits a seat's name. The id of the section may contain hyphens. ok is false for anything that
// [NewSeatName] does not return.
func ParseSeat(name SeatName) (section SectionID, row, number int64, ok bool) {
	last := strings.LastIndexByte(string(name), '-')
	if last < 0 {
		return "", 0, 0, false
	}
	middle := strings.LastIndexByte(string(name[:last]), '-')
	if middle < 1 {
		return "", 0, 0, false
	}
	row, rowOK := parseCount(string(name[middle+1 : last]))
	number, numberOK := parseCount(string(name[last+1:]))
	return SectionID(name[:middle]), row, number, rowOK && numberOK
}

// parseCount parses a positive number of up to 9 digits without sign or leading zero.
func parseCount(digits string) (int64, bool) {
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

// OfPerformance returns the id of an entity within a performance: rest is the name of a seat, the id of an
// area, or the holder of an allowance.
func OfPerformance(performanceID PerformanceID, rest string) string {
	return string(performanceID) + "~" + rest
}

// CutPerformance splits an id that [OfPerformance] returned. The id of a performance has no '~'.
func CutPerformance(id string) (performanceID PerformanceID, rest string) {
	performance, rest, _ := strings.Cut(id, "~")
	return PerformanceID(performance), rest
}

// NewHoldID returns the id of the hold of one attempt of a booking to take its seats and pay for them. Attempts
// count from 1; another one follows an abandoned attempt, or begins with a late payment that takes the seats again.
func NewHoldID(bookingID BookingID, attempt int64) HoldID {
	return HoldID(string(bookingID) + "." + strconv.FormatInt(attempt, 10))
}

// CutHoldID splits an id that [NewHoldID] returned. ok is false for any other.
func CutHoldID(holdID HoldID) (bookingID BookingID, attempt int64, ok bool) {
	dot := strings.LastIndexByte(string(holdID), '.')
	if dot < 1 {
		return "", 0, false
	}
	attempt, ok = parseCount(string(holdID[dot+1:]))
	return BookingID(holdID[:dot]), attempt, ok
}

// MaxBlockLabel is the length limit of a [BlockLabel], in characters.
const MaxBlockLabel = 64

// BlockLabel names the purpose for which seats are blocked, such as a sponsor: 1 to [MaxBlockLabel] printable
// characters.
type BlockLabel string

// Valid reports whether the label has a valid length and only printable characters.
func (l BlockLabel) Valid() bool {
	n := utf8.RuneCountInString(string(l))
	return n >= 1 && n <= MaxBlockLabel && utf8.ValidString(string(l)) &&
		!strings.ContainsFunc(string(l), func(r rune) bool { return !unicode.IsPrint(r) })
}

// SeatStatus is the status of a seat.
type SeatStatus string

// The statuses of a seat.
const (
	SeatIsFree    SeatStatus = "free"
	SeatIsHeld    SeatStatus = "held"
	SeatIsBooked  SeatStatus = "booked"
	SeatIsBlocked SeatStatus = "blocked"
)

// SeatHeld holds a seat for a booking until a deadline.
type SeatHeld struct {
	HoldID    HoldID    `json:"hold_id"`
	BookingID BookingID `json:"booking_id"`
	Holder    Holder    `json:"holder"`
	// Price is in minor units of the currency.
	Price int64 `json:"price"`
	// ExpiresAt is the deadline of the hold: the booking's deadline plus a grace period, so that the seat can't
	// expire while the booking is being paid.
	ExpiresAt time.Time `json:"expires_at"`
	// FirstHeldAt is the start of the uninterrupted time for which this holder has held the seat. It is earlier
	// than this hold if the same holder had the seat immediately before.
	FirstHeldAt time.Time `json:"first_held_at"`
	// Attempt is the number of the attempt in the hold's id. It is 0 in older facts, whose attempts were not
	// closed by a [BookingAbandoned].
	Attempt int64 `json:"attempt,omitempty"`
	// Terms is the revision of the performance's edit that set the terms of the hold, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	// Label is the label under which the seat was blocked, "" if it was free.
	Label BlockLabel `json:"label,omitempty"`
}

func (*SeatHeld) Name() string { return "seat.held.v1" }

// Holds reports one opened hold.
func (f *SeatHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// SeatExtended moves the deadline of a hold.
type SeatExtended struct {
	HoldID    HoldID    `json:"hold_id"`
	ExpiresAt time.Time `json:"expires_at"`
	// Intent is the booking's intent to pay externally, which allows a longer hold; "" for an extension by the
	// holder.
	Intent IntentID `json:"intent,omitempty"`
}

func (*SeatExtended) Name() string { return "seat.extended.v1" }

// Holds reports that one hold replaced another.
func (f *SeatExtended) Holds() (opened, closed int, earliest time.Time) { return 1, 1, f.ExpiresAt }

// SeatBooked turns a hold into a booked seat.
type SeatBooked struct {
	HoldID    HoldID    `json:"hold_id"`
	BookingID BookingID `json:"booking_id"`
	Holder    Holder    `json:"holder"`
}

func (*SeatBooked) Name() string { return "seat.booked.v1" }

// Holds reports one closed hold.
func (*SeatBooked) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// ReleaseReason is why a seat was released.
type ReleaseReason string

// The reasons.
const (
	// ReleasedIncomplete: another seat of the booking was not available.
	ReleasedIncomplete ReleaseReason = "incomplete"
	// ReleasedCancelled: the holder cancelled the booking.
	ReleasedCancelled ReleaseReason = "cancelled"
	// ReleasedExpired: the booking was not paid in time.
	ReleasedExpired ReleaseReason = "expired"
	// ReleasedUnpaid: the payment failed after the booking's deadline.
	ReleasedUnpaid ReleaseReason = "unpaid"
	// ReleasedReturned: this seat of the booking was returned.
	ReleasedReturned ReleaseReason = "returned"
	// ReleasedCalledOff: the performance was cancelled.
	ReleasedCalledOff ReleaseReason = "called_off"
	// ReleasedRetaken: the same booking takes the seat under another hold, which is
	// the next fact.
	ReleasedRetaken ReleaseReason = "retaken"
)

// SeatReleased frees a seat, or blocks it again.
type SeatReleased struct {
	HoldID HoldID `json:"hold_id"`
	Holder Holder `json:"holder"`
	// Was is the previous status: held or booked.
	Was    SeatStatus    `json:"was"`
	Reason ReleaseReason `json:"reason"`
	// ReleasedAt is when the seat was released.
	ReleasedAt time.Time `json:"released_at"`
	// Label is the label under which the seat was blocked before and is blocked again, "" if it is now free.
	Label BlockLabel `json:"label,omitempty"`
}

func (*SeatReleased) Name() string { return "seat.released.v1" }

// Holds reports one closed hold, if the seat was held.
func (f *SeatReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == SeatIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// SeatExpired frees a seat whose hold has passed its deadline, or blocks it again.
type SeatExpired struct {
	HoldID    HoldID    `json:"hold_id"`
	Holder    Holder    `json:"holder"`
	ExpiresAt time.Time `json:"expires_at"`
	// Label is as in [SeatReleased].
	Label BlockLabel `json:"label,omitempty"`
}

func (*SeatExpired) Name() string { return "seat.expired.v1" }

// Holds reports one closed hold.
func (*SeatExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// SeatBlocked takes a free seat off sale.
type SeatBlocked struct {
	// Label is the label that bookings must name, "" if no booking can hold the seat.
	Label BlockLabel `json:"label,omitempty"`
	// Change is the number of the [BlockChange] that this fact is part of, 0 for none.
	Change int64 `json:"change,omitempty"`
}

func (*SeatBlocked) Name() string { return "seat.blocked.v1" }

// SeatUnblocked puts a blocked seat back on sale.
type SeatUnblocked struct{}

func (*SeatUnblocked) Name() string { return "seat.unblocked.v1" }
