package history

import (
	"fmt"

	"admitone/events"
)

func init() {
	register(kind{category: events.CallOffCategory, describe: describeCallOff, links: linksOfCallOff, ids: Parts,
		example: "calloff/performance/gala (the progress of a cancellation)"})
}

func linksOfCallOff(l *links, _ *events.Recorded, fact events.Fact) {
	if f, ok := fact.(*events.CallOffBegun); ok {
		l.add(f.Of, f.ID)
	}
}

// callOffSource returns the completion of an entity's cancellation as a source of the entity's history. The progress of
// the cancellation is only in the cancellation's own history.
func callOffSource(own events.StreamID) source {
	return source{events.CallOffStream(events.NewCallOffID(own.Category(), own.Entity())), func(fact events.Fact) bool {
		_, swept := fact.(*events.CallOffSwept)
		return swept
	}}
}

// describeCallOff describes the progress of a cancellation. Its stream names no holder.
func describeCallOff(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.CallOffBegun:
		return fmt.Sprintf("%s %s is cancelled, because: %q; all its sales will be ended", f.Of, f.ID, f.Reason)
	case *events.CallOffSwept:
		return fmt.Sprintf("the cancellation is complete; it ended %d holds and sales", f.Ended)
	}
	return describeCursor(fact)
}

// describeBookingCancelled describes the cancellation of a booking together with its performance.
func describeBookingCancelled(subj subject, f *events.BookingCancelled) string {
	switch {
	case f.Was == events.BookingIsReleased:
		return fmt.Sprintf("given back after the cancellation of its performance; the withheld fee of %s will be refunded: payment %s",
			subj.money(f.Amount), f.PaymentID)
	case f.Amount > 0:
		return fmt.Sprintf("ended, because its performance was cancelled; %s is refunded next: payment %s",
			subj.money(f.Amount), f.PaymentID)
	}
	return fmt.Sprintf("ended, because its performance was cancelled; it was %s", f.Was)
}
