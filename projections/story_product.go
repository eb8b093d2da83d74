package projections

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() { tales[productCategory] = productTale }

// toldHolds is how many expired holds a sentence names one by one.
const toldHolds = 5

// productTale is what a fact of a product says, in words.
func productTale(fact events.Fact, of whose) string {
	mine := func(holder string) bool { return of.has(holderKind, holder) }
	switch f := fact.(type) {
	case *events.ProductReserved:
		if mine(f.Holder) {
			return fmt.Sprintf("%s bought %s: reservation %s; %s", f.Holder, units(f.Quantity), f.ReservationID, remain(f.Remaining))
		}
	case *events.ProductHeld:
		if mine(f.Holder) {
			return fmt.Sprintf("%s holds %s until %s: reservation %s; %s", f.Holder, units(f.Quantity), stamp(f.ExpiresAt), f.ReservationID, remain(f.Remaining))
		}
	case *events.ProductConfirmed:
		if mine(f.Holder) {
			return fmt.Sprintf("%s confirmed the hold of %s: reservation %s; %s", f.Holder, units(f.Quantity), f.ReservationID, remain(f.Remaining))
		}
	case *events.ProductReleased:
		if mine(f.Holder) {
			was := "a sale"
			if f.Was == events.ReservationHeld {
				was = "a hold"
			}
			return fmt.Sprintf("%s's reservation %s, %s of %s, was given back; %s", f.Holder, f.ReservationID, was, units(f.Quantity), remain(f.Remaining))
		}
	case *events.ProductExpired:
		return expiredTale(f, mine)
	case *events.ProductCreated:
		if of.everybodys() {
			return fmt.Sprintf("put on sale as %q: %s at %d, held for %d s, %s%s", f.DisplayName, units(f.Stock), f.Price, f.HoldSeconds, limit(f.LimitPerHolder), behind(f.WaitingRoom))
		}
	case *events.ProductEdited:
		if of.everybodys() {
			return fmt.Sprintf("edited; it is now %q: %s at %d, %s%s; %s", f.DisplayName, units(f.Stock), f.Price, limit(f.LimitPerHolder), behind(f.WaitingRoom), remain(f.Remaining))
		}
	}
	return ""
}

// behind says which waiting room guards something, if one does.
func behind(room string) string {
	if room == "" {
		return ""
	}
	return ", behind the waiting room " + room
}

func expiredTale(f *events.ProductExpired, mine func(holder string) bool) string {
	var told []string
	holds, quantity := 0, int64(0)
	for i := range f.Expired {
		h := &f.Expired[i]
		if !mine(h.Holder) {
			continue
		}
		holds++
		quantity += h.Quantity
		if holds <= toldHolds {
			told = append(told, fmt.Sprintf("%s's reservation %s of %s, due %s", h.Holder, h.ReservationID, units(h.Quantity), stamp(h.ExpiresAt)))
		}
	}
	if holds == 0 {
		return ""
	}
	if holds > toldHolds {
		told = append(told, fmt.Sprintf("and %d more", holds-toldHolds))
	}
	return fmt.Sprintf("%s of %s that nobody confirmed in time came back: %s; %s",
		units(quantity), counted(int64(holds), "hold"), strings.Join(told, ", "), remain(f.Remaining))
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
		return "as many per holder as they like"
	}
	return fmt.Sprintf("at most %d per holder", n)
}
