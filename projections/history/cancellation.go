package history

import (
	"fmt"

	"admitone/events"
)

// returned is the sentence of a booking that was given back for a part, or by the organiser.
func returned(f *events.BookingReleased) string {
	text := fmt.Sprintf("given back; it was %s", f.Was)
	if f.RefundID != "" {
		text = fmt.Sprintf("given back after it was paid; payment %s is refunded next", f.RefundID)
	}
	if f.Kept > 0 {
		text += fmt.Sprintf(", but for %d that are kept", f.Kept)
	}
	if f.Reason != "" {
		text += fmt.Sprintf("; by the organiser, because: %q", f.Reason)
	}
	return text
}

// giveBack says until when what is paid can be given back, if that is stated.
func giveBack(c events.Cancellation) string {
	if c.IsZero() {
		return ""
	}
	return fmt.Sprintf(", given back until %s for %d %%", events.FormatTime(c.Until), c.RefundPercent)
}
