package history

import (
	"fmt"

	"admitone/events"
)

// describeReleased describes a release with a fee, or by the organiser.
func describeReleased(f *events.BookingReleased) string {
	text := fmt.Sprintf("given back; it was %s", f.Was)
	if f.RefundID != "" {
		text = fmt.Sprintf("given back after it was paid; payment %s is refunded next", f.RefundID)
	}
	if f.Kept > 0 {
		text += fmt.Sprintf(", less a fee of %d", f.Kept)
	}
	if f.Reason != "" {
		text += fmt.Sprintf("; by the organiser, because: %q", f.Reason)
	}
	return text
}

// describeReturn describes a fact of the return of one seat or place.
func describeReturn(fact events.Fact, subj subject) string {
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		text := fmt.Sprintf("%s was given back", partText(f.Part()))
		if f.PaymentID != "" {
			text += fmt.Sprintf("; %s of payment %s are refunded next", subj.money(f.Price-f.Kept), f.PaymentID)
		}
		if f.Kept > 0 {
			text += fmt.Sprintf(", less a fee of %s", subj.money(f.Kept))
		}
		if f.Reason != "" {
			text += fmt.Sprintf("; by the organiser, because: %q", f.Reason)
		}
		if f.Left == 0 {
			return text + "; it was the last one, and the booking has ended"
		}
		if f.Area != "" {
			return text + fmt.Sprintf("; %d left", f.Left)
		}
		return text + fmt.Sprintf("; %s left", counted(f.Left, "seat"))
	case *events.BookingSeatRefunded:
		return fmt.Sprintf("%s is free, and %s was refunded for it", partText(f.Part()), subj.money(f.Amount))
	}
	return ""
}

func partText(part events.Part) string {
	if part.Area != "" {
		return part.String()
	}
	return "the seat " + part.String()
}

// cancellationSuffix describes a cancellation policy, "" for the default.
func cancellationSuffix(c events.Cancellation) string {
	if c.IsZero() {
		return ""
	}
	return fmt.Sprintf(", refundable until %s at %d %%", events.FormatTime(c.Until), c.RefundPercent)
}
