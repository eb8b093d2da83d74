package verify

import (
	"time"

	"admitone/events"
)

// maxIntent bounds the duration of an intent, and the time by which all intents of a booking together may extend a
// seat's hold.
const maxIntent = 24 * time.Hour

// until returns the deadline for a payment.
func (b *booking) until() time.Time {
	if b.status == events.BookingIsAwaiting {
		return b.intentUntil
	}
	return b.expiresAt
}

// intentEnded checks that an intent ended no earlier than its deadline and left the booking in the right status.
func (c *bookingCheck) intentEnded(f *events.BookingIntentEnded, decided time.Time) *fault {
	row := &c.row
	early := f.Reason == events.IntentLapsed && !decided.After(row.intentUntil)
	over := decided.After(row.expiresAt) || f.Reason == events.IntentLost
	if early || over != (f.Status == events.BookingIsExpired) || !f.ExpiresAt.Equal(row.expiresAt) {
		return faultf(RuleDeadlines, "intent (deadline %s) ended as %s at %s, leaving a booking held until %s in status %s",
			events.FormatTime(row.intentUntil), f.Reason, events.FormatTime(decided), events.FormatTime(row.expiresAt), f.Status)
	}
	return nil
}

// extended checks the extension of a seat against the limit on consecutive holds, which is longer by maxIntent for
// an intent that the booking has recorded.
func (c *seatCheck) extended(f *events.SeatExtended) *fault {
	longest := c.longest()
	if f.Intent != "" {
		id, _, _ := events.CutHoldID(c.hold)
		b := c.ledger.bookings[id]
		if b == nil || b.row.intent != f.Intent || b.row.holdID() != c.hold ||
			f.ExpiresAt.After(b.row.intentUntil.Add(seatGrace)) {
			return faultf(RuleStay, "extended until %s for the intent %q, which the booking %q has not recorded",
				events.FormatTime(f.ExpiresAt), f.Intent, id)
		}
		longest = longest.Add(maxIntent)
	}
	if f.ExpiresAt.After(longest) || !f.ExpiresAt.After(c.until) {
		return faultf(RuleStay, "extended from %s to %s; the consecutive holds may last from %s to %s", events.FormatTime(c.until),
			events.FormatTime(f.ExpiresAt), events.FormatTime(c.stayBegan), events.FormatTime(longest))
	}
	c.until = f.ExpiresAt
	return nil
}
