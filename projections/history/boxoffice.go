package history

import (
	"context"
	"fmt"
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.PerformanceCategory, describe: describePerformance, links: linksOfPerformance,
		example: "performance/gala"})
	register(kind{category: events.SeatCategory, describe: describeSeat, links: linksOfSeat, ids: Parts,
		example: "seat/gala/A-1-1"})
	register(kind{category: events.BookingCategory, describe: describeBooking, links: linksOfBooking,
		owner: ownerOfBooking, example: "booking/UUID"})
	register(kind{category: events.WalletCategory, describe: describeWallet, links: linksOfWallet,
		owner: ownerOfWallet, ids: HolderName, example: "wallet/ann"})
	register(kind{category: events.AllowanceCategory, describe: describeAllowance, links: linksOfAllowance,
		owner: ownerOfAllowance, ids: Parts, example: "allowance/gala/ann (a holder's seats there)"})
}

// owners finds the holders to whom whole streams belong, so that facts that name no holder are in the holder's history.
type owners struct {
	store events.Store
	// bookings caches the holders of bookings.
	bookings map[events.StreamID]events.Holder
}

// subjectFor returns the subject for which an event is described: everyone if the whole stream belongs to the holder
// of.
func (o *owners) subjectFor(ctx context.Context, e *events.Recorded, subj subject) (subject, error) {
	if subj.kind != holderKind {
		return subj, nil
	}
	k := byCategory[e.Stream.Category()]
	if k.owner == nil {
		return subj, nil
	}
	owner, err := k.owner(ctx, o, e)
	if err != nil {
		return subj, err
	}
	if owner == subj.id {
		return subj.everyone(), nil
	}
	return subj, nil
}

func ownerOfWallet(_ context.Context, _ *owners, e *events.Recorded) (string, error) {
	return e.Stream.Entity(), nil
}

func ownerOfAllowance(_ context.Context, _ *owners, e *events.Recorded) (string, error) {
	_, holder := events.CutPerformance(e.Stream.Entity())
	return holder, nil
}

// ownerOfBooking finds the holder, which only the first event of a booking names reliably.
func ownerOfBooking(ctx context.Context, o *owners, e *events.Recorded) (string, error) {
	if holder, cached := o.bookings[e.Stream]; cached {
		return string(holder), nil
	}
	first := e
	if e.Revision > 0 {
		page, err := o.store.Read(ctx, e.Stream, 0, events.Forward, 1)
		if err != nil || len(page) == 0 {
			return "", err
		}
		first = &page[0]
	}
	fact, err := first.Decode()
	if err != nil {
		return "", err
	}
	holder := events.HolderOf(fact)
	o.bookings[events.StreamID(strings.Clone(string(e.Stream)))] = holder
	return string(holder), nil
}

// describeSeat describes a fact of a seat.
func describeSeat(fact events.Fact, subj subject) string {
	mine := func(holder events.Holder) bool { return subj.includes(holderKind, string(holder)) }
	switch f := fact.(type) {
	case *events.SeatHeld:
		if mine(f.Holder) {
			return fmt.Sprintf("%s holds the seat until %s: hold %s%s", f.Holder, events.FormatTime(f.ExpiresAt), f.HoldID,
				labelled(", kept for %q", f.Label))
		}
	case *events.SeatBooked:
		if mine(f.Holder) {
			return fmt.Sprintf("%s has booked the seat: hold %s", f.Holder, f.HoldID)
		}
	case *events.SeatReleased:
		if mine(f.Holder) {
			return fmt.Sprintf("%s's seat, which was %s, was given back: hold %s, %s%s", f.Holder, f.Was, f.HoldID,
				because(f.Reason), labelled("; kept for %q again", f.Label))
		}
	case *events.SeatExpired:
		if mine(f.Holder) {
			return fmt.Sprintf("%s's hold of the seat ended at %s: hold %s%s", f.Holder, events.FormatTime(f.ExpiresAt), f.HoldID,
				labelled("; kept for %q again", f.Label))
		}
	case *events.SeatExtended:
		if subj.isEveryone() {
			return fmt.Sprintf("held until %s now: hold %s", events.FormatTime(f.ExpiresAt), f.HoldID)
		}
	case *events.SeatBlocked:
		if subj.isEveryone() {
			return "taken off sale by the organiser" + labelled(", kept for %q", f.Label)
		}
	case *events.SeatUnblocked:
		if subj.isEveryone() {
			return "put back on sale by the organiser"
		}
	}
	return ""
}

// labelled formats the part of a sentence about a label, "" for no label.
func labelled(format string, label events.BlockLabel) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf(format, label)
}

// because describes the reason of a release.
func because(reason events.ReleaseReason) string {
	switch reason {
	case events.ReleasedIncomplete:
		return "because another seat of the booking was not available"
	case events.ReleasedCancelled:
		return "because the booking was given back"
	case events.ReleasedCalledOff:
		return "because the performance was cancelled"
	case events.ReleasedExpired:
		return "because the booking was not paid in time"
	case events.ReleasedUnpaid:
		return "because the payment failed"
	case events.ReleasedReturned:
		return "because it was given back alone"
	case events.ReleasedRetaken:
		return "because a late payment takes it again"
	}
	return string(reason)
}

// describeBooking describes a fact of a booking. Facts after the first name no holder; owners finds the holder.
func describeBooking(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.BookingAbandoned:
		return fmt.Sprintf("attempt %d to hold seats of performance %s for %s was abandoned; its holds will be released",
			f.Attempt, f.PerformanceID, f.Holder)
	case *events.BookingHeld:
		names := make([]string, len(f.Seats))
		for i, s := range f.Seats {
			names[i] = string(s.Seat)
		}
		for _, p := range f.Areas {
			names = append(names, counted(p.Quantity, "place")+" of "+string(p.Area))
		}
		return fmt.Sprintf("%s holds %s of performance %s for %s until %s%s", f.Holder, strings.Join(names, ", "),
			f.PerformanceID, subj.money(f.Amount), events.FormatTime(f.ExpiresAt), orderSuffix(&f.OrderData))
	case *events.BookingAnnotated:
		return "its order data were updated: " + orderText(&f.OrderData)
	case *events.BookingExtended:
		return fmt.Sprintf("held until %s now", events.FormatTime(f.ExpiresAt))
	case *events.BookingExpired:
		return fmt.Sprintf("not paid by %s; its seats will be released", events.FormatTime(f.ExpiresAt))
	case *events.BookingPaymentStarted:
		if f.Was == events.BookingIsExpired {
			return fmt.Sprintf("a late payment of %s began, which has to take the seats again: payment %s%s", subj.money(f.Amount),
				f.PaymentID, externalPayment(f.Payment))
		}
		return fmt.Sprintf("a payment of %s began: payment %s%s", subj.money(f.Amount), f.PaymentID, externalPayment(f.Payment))
	case *events.BookingPaymentDelayed:
		return fmt.Sprintf("the seats ran out before they were booked; payment %s has to take them again, as attempt %d",
			f.PaymentID, f.Attempt)
	case *events.BookingIntentBegun:
		return fmt.Sprintf("waits until %s for a payment through %s: intent %s", events.FormatTime(f.ExpiresAt), f.Provider,
			f.Intent)
	case *events.BookingIntentOpened:
		return fmt.Sprintf("its seats are held as long as intent %s lasts", f.Intent)
	case *events.BookingCheckoutMade:
		return fmt.Sprintf("the page of intent %s is %s, %s", f.Intent, f.Session, f.URL)
	case *events.BookingIntentEnded:
		return fmt.Sprintf("intent %s ended (%s); the booking is %s, and its own deadline is %s", f.Intent, f.Reason, f.Status,
			events.FormatTime(f.ExpiresAt))
	case *events.BookingRetaken:
		return fmt.Sprintf("the late payment has all the seats again, until %s", events.FormatTime(f.ExpiresAt))
	case *events.BookingBooked:
		return fmt.Sprintf("booked; %s is paid: payment %s%s", subj.money(f.Amount), f.PaymentID, externalPayment(f.Payment))
	case *events.BookingPaymentFailed:
		return fmt.Sprintf("payment %s failed (%s); the booking is %s, and its deadline is %s", f.PaymentID, f.Reason,
			f.Status, events.FormatTime(f.ExpiresAt))
	case *events.BookingSeatReturned, *events.BookingSeatRefunded:
		return describeReturn(fact, subj)
	case *events.BookingReleased:
		if f.Kept > 0 || f.Reason != "" {
			return describeReleased(f)
		}
		if f.RefundID != "" {
			return fmt.Sprintf("given back by the holder after it was paid; payment %s is refunded next", f.RefundID)
		}
		return fmt.Sprintf("given back by the holder; it was %s", f.Was)
	case *events.BookingCancelled:
		return describeBookingCancelled(subj, f)
	case *events.BookingRefunded:
		return fmt.Sprintf("everything is returned, with a refund of %s: payment %s", subj.money(f.Amount), f.PaymentID)
	}
	return ""
}

func describeWallet(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.WalletCharged:
		return fmt.Sprintf("charged with %s: charge %s; the balance is %s", subj.money(f.Amount), f.ChargeID, subj.money(f.Balance))
	case *events.WalletDebited:
		return fmt.Sprintf("paid %s for booking %s: payment %s; the balance is %s", subj.money(f.Amount), f.BookingID,
			f.PaymentID, subj.money(f.Balance))
	case *events.WalletRefunded:
		return fmt.Sprintf("got %s back for booking %s: payment %s; the balance is %s", subj.money(f.Amount), f.BookingID,
			f.PaymentID, subj.money(f.Balance))
	case *events.WalletCancelled:
		return fmt.Sprintf("payment %s for booking %s was abandoned before any money was taken", f.PaymentID, f.BookingID)
	}
	return ""
}

func describeAllowance(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return fmt.Sprintf("%s taken until %s: hold %s; %d in all", counted(f.Seats, "seat"),
			events.FormatTime(f.ExpiresAt), f.HoldID, f.Taken)
	case *events.AllowanceExtended:
		return fmt.Sprintf("taken until %s now: hold %s", events.FormatTime(f.ExpiresAt), f.HoldID)
	case *events.AllowanceKept:
		return fmt.Sprintf("%s kept for good: hold %s; %d in all", counted(f.Seats, "seat"), f.HoldID, f.Taken)
	case *events.AllowanceReduced:
		return fmt.Sprintf("%s of several given back: hold %s; %d in all", counted(f.Seats, "seat"), f.HoldID, f.Taken)
	case *events.AllowanceReleased:
		return fmt.Sprintf("%s given back: hold %s; %d in all", counted(f.Seats, "seat"), f.HoldID, f.Taken)
	case *events.AllowanceExpired:
		return fmt.Sprintf("%s expired at %s: hold %s; %d in all", counted(f.Seats, "seat"),
			events.FormatTime(f.ExpiresAt), f.HoldID, f.Taken)
	}
	return ""
}
