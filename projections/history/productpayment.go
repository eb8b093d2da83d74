package history

import (
	"fmt"

	"admitone/events"
)

// describeMoney describes a fact about a payment for a reservation.
func describeMoney(fact events.Fact, subj subject, mine func(events.Holder) bool) string {
	if !mine(events.HolderOf(fact)) {
		return ""
	}
	switch f := fact.(type) {
	case *events.ProductRetaken:
		return fmt.Sprintf("%s has %s again that had expired, at %s each: reservation %s; %s", f.Holder, units(f.Quantity),
			subj.money(f.Price), f.ReservationID, remain(f.Remaining)) + externalPayment(f.Payment)
	case *events.ProductPaid:
		return fmt.Sprintf("%s's reservation %s of %s, confirmed before, is paid", f.Holder, f.ReservationID,
			units(f.Quantity)) + externalPayment(f.Payment)
	case *events.ProductPaymentFailed:
		return fmt.Sprintf("the payment for %s's reservation %s of %s came too late (%s)", f.Holder, f.ReservationID,
			units(f.Quantity), f.Reason) + externalPayment(f.Payment)
	}
	return ""
}

// refundText describes the refund of a released reservation.
func refundText(f *events.ProductReleased, subj subject) (text string) {
	text = externalPayment(f.Payment)
	if f.Kept > 0 {
		text += fmt.Sprintf(", less a fee of %s", subj.money(f.Kept))
	}
	if f.Reason != "" {
		text += fmt.Sprintf("; by the organiser, because: %q", f.Reason)
	}
	return text
}
