package events

import "time"

// IntentID identifies an intent to pay a booking outside: the text of an [ID], made for the request.
type IntentID string

// MaxIntent is the longest that one intent can wait for its money, and also how much longer than
// without one all intents together can keep a seat from others.
const MaxIntent = 24 * time.Hour

func init() {
	register[BookingIntentBegun]()
	register[BookingIntentOpened]()
	register[BookingIntentEnded]()
}

// BookingIntentBegun announces that a booking is being paid outside, and waits for the money until a
// deadline of its own. Allowance and seats are prolonged next.
type BookingIntentBegun struct {
	Intent   IntentID `json:"intent"`
	Provider Provider `json:"provider"`
	// Seconds is how long was asked for, and ExpiresAt what came of it.
	Seconds   int64     `json:"seconds"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingIntentBegun) Name() string { return "booking.intent_begun.v1" }

// Holds reports that one hold replaced another.
func (f *BookingIntentBegun) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// BookingIntentOpened says that allowance and seats are held as long as the intent lasts.
type BookingIntentOpened struct {
	Intent IntentID `json:"intent"`
}

func (*BookingIntentOpened) Name() string { return "booking.intent_opened.v1" }

// IntentEnd is why an intent ended without money.
type IntentEnd string

// The reasons.
const (
	// IntentLapsed: its deadline passed.
	IntentLapsed IntentEnd = "lapsed"
	// IntentEnded: it was ended on request.
	IntentEnded IntentEnd = "ended"
	// IntentLost: a seat was lost before the intent was opened.
	IntentLost IntentEnd = "lost"
	// IntentTooLong: the seats can't be held that long for one holder.
	IntentTooLong IntentEnd = "too_long"
	// IntentWrongSum: a wrong sum came in.
	IntentWrongSum IntentEnd = "wrong_sum"
)

// BookingIntentEnded ends an intent without a payment. The booking is held again if its own time is
// not over; else it has expired, and its seats are released next.
type BookingIntentEnded struct {
	Intent IntentID  `json:"intent"`
	Reason IntentEnd `json:"reason"`
	// Status is the new status: held or expired.
	Status BookingStatus `json:"status"`
	// ExpiresAt is the booking's own deadline.
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingIntentEnded) Name() string { return "booking.intent_ended.v1" }

// Holds reports one closed hold, and one opened if the booking is held again.
func (f *BookingIntentEnded) Holds() (opened, closed int, earliest time.Time) {
	if f.Status == BookingIsHeld {
		return 1, 1, f.ExpiresAt
	}
	return 0, 1, time.Time{}
}
