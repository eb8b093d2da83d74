package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.ProductCategory, describe: describeProduct, links: linksOfProduct,
		example: "product/1"})
	requests["POST reservations"] = wantedReservation
	requests["DELETE reservations"] = func(_ *events.RefusalRecorded, id, _, entity string) string {
		return fmt.Sprintf("to give back reservation %s of %s", id, entity)
	}
}

func wantedReservation(f *events.RefusalRecorded, id, step, entity string) string {
	if step == "confirm" {
		return fmt.Sprintf("to confirm reservation %s of %s", id, entity)
	}
	if f.Hold {
		return fmt.Sprintf("to hold %s of %s", units(f.Quantity), entity)
	}
	return fmt.Sprintf("%s of %s", units(f.Quantity), entity)
}

func linksOfProduct(l *links, _ *events.Recorded, fact events.Fact) {
	l.add(holderKind, string(events.HolderOf(fact)))
	switch f := fact.(type) {
	case *events.ProductExpired:
		for i := range f.Expired {
			l.add(holderKind, string(f.Expired[i].Holder))
		}
	case *events.ProductCreated:
		l.add(waitingRoomKind, string(f.WaitingRoom))
	}
}

// maxListedHolds is the largest number of expired holds named in a sentence.
const maxListedHolds = 5

// describeProduct describes a fact of a product.
func describeProduct(fact events.Fact, subj subject) string {
	mine := func(holder events.Holder) bool { return subj.includes(holderKind, string(holder)) }
	switch f := fact.(type) {
	case *events.ProductReserved:
		if mine(f.Holder) {
			return fmt.Sprintf("%s bought %s: reservation %s%s; %s", f.Holder, units(f.Quantity), f.ReservationID,
				orderSuffix(&f.OrderData), remain(f.Remaining))
		}
	case *events.ProductHeld:
		if mine(f.Holder) {
			return fmt.Sprintf("%s holds %s until %s: reservation %s%s; %s", f.Holder, units(f.Quantity),
				events.FormatTime(f.ExpiresAt), f.ReservationID, orderSuffix(&f.OrderData), remain(f.Remaining))
		}
	case *events.ProductConfirmed:
		if mine(f.Holder) {
			return fmt.Sprintf("%s confirmed the hold of %s: reservation %s; %s", f.Holder, units(f.Quantity), f.ReservationID,
				remain(f.Remaining)) + externalPayment(f.Payment)
		}
	case *events.ProductRetaken, *events.ProductPaid, *events.ProductPaymentFailed:
		return describeMoney(fact, subj, mine)
	case *events.ProductReleased:
		if mine(f.Holder) {
			was := "a sale"
			if f.Was == events.ReservationHeld {
				was = "a hold"
			}
			return fmt.Sprintf("%s's reservation %s, %s of %s, was given back; %s", f.Holder, f.ReservationID, was,
				units(f.Quantity), remain(f.Remaining)) + refundText(f, subj)
		}
	case *events.ProductReservationCancelled:
		if mine(f.Holder) {
			return fmt.Sprintf("%s's reservation %s of %s, which was %s, ended, because the product was cancelled; %s", f.Holder,
				f.ReservationID, units(f.Quantity), f.Was, remain(f.Remaining))
		}
	case *events.ProductCancelled:
		if subj.isEveryone() {
			return fmt.Sprintf("cancelled, because: %q; all its reservations will be ended; %s", f.Reason, remain(f.Remaining))
		}
	case *events.ProductExpired:
		return describeExpired(f, mine)
	case *events.ProductReservationAnnotated:
		if mine(f.Holder) {
			return fmt.Sprintf("the order data of %s's reservation %s were updated: %s; %s", f.Holder, f.ReservationID,
				orderText(&f.OrderData), remain(f.Remaining))
		}
	case *events.ProductCreated:
		if subj.isEveryone() {
			return fmt.Sprintf("put on sale as %q: %s at %s, held for %d s, %s%s", f.DisplayName, units(f.Stock), subj.money(f.Price),
				f.HoldSeconds, limit(f.LimitPerHolder),
				roomSuffix(f.WaitingRoom)+saleTimesSuffix(f.SaleTimes)+cancellationSuffix(f.Cancellation))
		}
	case *events.ProductEdited:
		if subj.isEveryone() {
			return fmt.Sprintf("edited; it is now %q: %s at %s, %s%s; %s", f.DisplayName, units(f.Stock), subj.money(f.Price),
				limit(f.LimitPerHolder),
				roomSuffix(f.WaitingRoom)+saleTimesSuffix(f.SaleTimes)+cancellationSuffix(f.Cancellation), remain(f.Remaining))
		}
	case *events.ProductOpened:
		if subj.isEveryone() {
			return fmt.Sprintf("the sale opened, as scheduled for %s; %s", events.FormatTime(f.OpensAt), remain(f.Remaining))
		}
	case *events.ProductClosed:
		if subj.isEveryone() {
			return fmt.Sprintf("the sale closed, as scheduled for %s; %s", events.FormatTime(f.ClosesAt), remain(f.Remaining))
		}
	}
	return ""
}

// roomSuffix names the waiting room that guards an entity, "" for none.
func roomSuffix(room events.RoomID) string {
	if room == "" {
		return ""
	}
	return ", behind the waiting room " + string(room)
}

// saleTimesSuffix describes the sale times, "" for none.
func saleTimesSuffix(times events.SaleTimes) (text string) {
	if !times.OpensAt.IsZero() {
		text = ", on sale from " + events.FormatTime(times.OpensAt)
	}
	if !times.ClosesAt.IsZero() {
		text += ", closed from " + events.FormatTime(times.ClosesAt)
	}
	return text
}

func describeExpired(f *events.ProductExpired, mine func(holder events.Holder) bool) string {
	var parts []string
	holds, quantity := 0, int64(0)
	for i := range f.Expired {
		h := &f.Expired[i]
		if !mine(h.Holder) {
			continue
		}
		holds++
		quantity += h.Quantity
		if holds <= maxListedHolds {
			parts = append(parts, fmt.Sprintf("%s's reservation %s of %s, due %s", h.Holder, h.ReservationID, units(h.Quantity),
				events.FormatTime(h.ExpiresAt)))
		}
	}
	if holds == 0 {
		return ""
	}
	if holds > maxListedHolds {
		parts = append(parts, fmt.Sprintf("and %d more", holds-maxListedHolds))
	}
	return fmt.Sprintf("%s of %s expired unconfirmed: %s; %s",
		units(quantity), counted(int64(holds), "hold"), strings.Join(parts, ", "), remain(f.Remaining))
}

func units(n int64) string { return counted(n, "unit") }

func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func remain(n int64) string {
	switch n {
	case 0:
		return "none remain"
	case 1:
		return "1 remains"
	}
	return fmt.Sprintf("%d remain", n)
}

func limit(n int64) string {
	if n == 0 {
		return "no limit per holder"
	}
	return fmt.Sprintf("at most %d per holder", n)
}
