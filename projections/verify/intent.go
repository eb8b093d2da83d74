package verify

import (
	"time"

	"admitone/events"
)

// maxIntent is the longest that an intent waits, and how much longer all of them can keep a seat.
const maxIntent = 24 * time.Hour

// until is the last moment at which a payment is in time.
func (b *booking) until() time.Time {
	if b.status == events.BookingIsAwaiting {
		return b.intentUntil
	}
	return b.expiresAt
}

// intentEnded holds the end of an intent to its time, and to the booking's own.
func (c *bookingCheck) intentEnded(f *events.BookingIntentEnded, decided time.Time) *fault {
	row := &c.row
	early := f.Reason == events.IntentLapsed && !decided.After(row.intentUntil)
	over := decided.After(row.expiresAt) || f.Reason == events.IntentLost
	if early || over != (f.Status == events.BookingIsExpired) || !f.ExpiresAt.Equal(row.expiresAt) {
		return faultf(RuleDeadlines, "an intent until %s ended (%s) at %s and leaves the booking, held until %s, %s",
			events.FormatTime(row.intentUntil), f.Reason, events.FormatTime(decided), events.FormatTime(row.expiresAt), f.Status)
	}
	return nil
}

// extended holds the extension of a seat to the holder's stay. It may be longer for an intent that the
// booking has announced.
func (c *seatCheck) extended(f *events.SeatExtended) *fault {
	longest := c.longest()
	if f.Intent != "" {
		id, _, _ := events.CutHoldID(c.hold)
		b := c.ledger.bookings[id]
		if b == nil || b.row.intent != f.Intent || b.row.holdID() != c.hold ||
			f.ExpiresAt.After(b.row.intentUntil.Add(seatGrace)) {
			return faultf(RuleStay, "extended until %s for the intent %q, which the booking %q has not announced",
				events.FormatTime(f.ExpiresAt), f.Intent, id)
		}
		longest = longest.Add(maxIntent)
	}
	if f.ExpiresAt.After(longest) || !f.ExpiresAt.After(c.until) {
		return faultf(RuleStay, "extended from %s to %s, and the holder's stay began at %s", events.FormatTime(c.until),
			events.FormatTime(f.ExpiresAt), events.FormatTime(c.first))
	}
	c.until = f.ExpiresAt
	return nil
}
