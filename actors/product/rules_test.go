package product

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)

// reservationID returns the id of the n-th reservation.
func reservationID(n int) events.ID { return events.ID{14: byte(n >> 8), 15: byte(n)} }

// The commands of the tables below.
func create(stock, limit int64) *Create {
	return &Create{ID: "p", Name: "Lamp", Stock: stock, Price: 500, LimitPerHolder: limit, HoldSeconds: 60}
}
func reserve(n int, holder events.Holder, quantity int64) *Reserve {
	return &Reserve{ReservationID: reservationID(n), Holder: holder, Quantity: quantity}
}
func hold(n int, holder events.Holder, quantity int64) *Reserve {
	return &Reserve{ReservationID: reservationID(n), Holder: holder, Quantity: quantity, Hold: true}
}
func confirm(n int, by events.Holder) *Confirm {
	return &Confirm{ReservationID: reservationID(n), By: by}
}
func release(n int, by events.Holder) *Release {
	return &Release{ReservationID: reservationID(n), By: by}
}
func stock(units int64) *Edit { return &Edit{Stock: &units} }
func limit(units int64) *Edit { return &Edit{LimitPerHolder: &units} }

// number returns n of reservationID(n).
func number(id events.ReservationID) int {
	parsed, err := events.ParseID(string(id))
	if err != nil {
		return -1
	}
	return int(parsed[14])<<8 | int(parsed[15])
}

// describe describes a decision.
func describe(facts []events.Fact, err error) string {
	return coretest.Describe(facts, err, describeFact)
}

func describeFact(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.ProductCreated:
		return fmt.Sprintf("created %s with %d", f.ProductID, f.Stock)
	case *events.ProductEdited:
		return fmt.Sprintf("edited %s to %d at %d, limit %d, %d left", f.DisplayName, f.Stock, f.Price, f.LimitPerHolder,
			f.Remaining)
	case *events.ProductReserved:
		return fmt.Sprintf("reserved #%d %s %d, %d left", number(f.ReservationID), f.Holder, f.Quantity, f.Remaining)
	case *events.ProductHeld:
		return fmt.Sprintf("held #%d %s %d until %v, %d left", number(f.ReservationID), f.Holder, f.Quantity,
			f.ExpiresAt.Sub(day), f.Remaining)
	case *events.ProductConfirmed:
		return fmt.Sprintf("confirmed #%d %s %d, %d left", number(f.ReservationID), f.Holder, f.Quantity, f.Remaining) +
			paidBy(f.Payment, 0)
	case *events.ProductReleased:
		return fmt.Sprintf("released #%d %s %d %s, %d left", number(f.ReservationID), f.Holder, f.Quantity, f.Was,
			f.Remaining) + paidBy(f.Payment, f.Kept)
	case *events.ProductExpired:
		var expired []string
		for _, e := range f.Expired {
			expired = append(expired, fmt.Sprintf("#%d %s %d at %v", number(e.ReservationID), e.Holder, e.Quantity,
				e.ExpiresAt.Sub(day)))
		}
		return fmt.Sprintf("expired %s: %d, %d left", strings.Join(expired, ", "), f.Quantity, f.Remaining)
	}
	return describePayment(fact)
}

const (
	s  = time.Second
	ns = time.Nanosecond
)

// attempt is a row of a table: the time since day, the command, and the expected decision.
type attempt struct {
	at   time.Duration
	cmd  core.Command
	want string
}

var rules = []struct {
	name     string
	attempts []attempt
}{
	{"a product that does not exist refuses every command but its creation", []attempt{
		{0, reserve(1, "ann", 1), "not_found [resource:product]"},
		{0, confirm(1, "ann"), "not_found [resource:product]"},
		{0, release(1, "ann"), "not_found [resource:product]"},
		{0, stock(5), "not_found [resource:product]"},
		{0, &core.Expire{}, "not_found [resource:product]"},
		{0, create(10, 0), "created p with 10"},
	}},
	{"a second creation is a no-op with the same members, and refused with others", []attempt{
		{0, create(10, 0), "created p with 10"},
		{1 * s, create(10, 0), "nothing"},
		{2 * s, create(11, 0), "already_exists"},
		{3 * s, stock(11), "edited Lamp to 11 at 500, limit 0, 11 left"},
		{4 * s, create(10, 0), "nothing"},
		{5 * s, create(11, 0), "already_exists"},
		{6 * s, &Edit{}, "nothing"},
	}},
	{"units are sold until none is left", []attempt{
		{0, create(3, 0), "created p with 3"},
		{0, reserve(1, "ann", 2), "reserved #1 ann 2, 1 left"},
		{0, reserve(2, "bob", 2), "sold_out [remaining:1]"},
		{0, reserve(2, "bob", 1), "reserved #2 bob 1, 0 left"},
		{0, reserve(3, "cid", 1), "sold_out [remaining:0]"},
		{0, release(1, "ann"), "released #1 ann 2 confirmed, 2 left"},
		{0, reserve(3, "cid", 1), "reserved #3 cid 1, 1 left"},
	}},
	{"reserving is refused in this order: bad quantity, id in use, limit, sold out", []attempt{
		{0, create(3, 2), "created p with 3"},
		{0, reserve(1, "ann", 2), "reserved #1 ann 2, 1 left"},
		{0, reserve(1, "ann", 0), "invalid_field [field:quantity]"},
		{0, reserve(1, "ann", -1), "invalid_field [field:quantity]"},
		{0, reserve(1, "ann", MaxStock+1), "invalid_field [field:quantity]"},
		{0, reserve(1, "ann", 5), "already_exists"},
		{0, hold(1, "bob", 1), "already_exists"},
		{0, reserve(2, "ann", 5), "limit_exceeded [limit:2 taken:2]"},
		{0, reserve(2, "bob", 2), "sold_out [remaining:1]"},
		{0, reserve(2, "bob", MaxStock), "limit_exceeded [limit:2 taken:0]"},
		{0, reserve(2, "bob", 1), "reserved #2 bob 1, 0 left"},
	}},
	{"a reservation costs at most the largest payment", []attempt{
		{0, &Create{ID: "p", Name: "Lamp", Stock: MaxStock, Price: events.MaxPrice, HoldSeconds: 60}, "created p with 1000000000"},
		{0, hold(1, "ann", 101), "limit_exceeded [limit:100]"},
		{0, reserve(1, "ann", MaxStock), "limit_exceeded [limit:100]"},
		{0, hold(1, "ann", 100), "held #1 ann 100 until 1m0s, 999999900 left"},
	}},
	{"a hold can be confirmed up to its deadline and not a nanosecond later", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 1), "held #1 ann 1 until 1m0s, 8 left"},
		{0, hold(2, "bob", 2), "held #2 bob 2 until 1m0s, 6 left"},
		{60 * s, &core.Expire{}, "nothing"},
		{60 * s, confirm(1, "ann"), "confirmed #1 ann 1, 6 left"},
		{60*s + ns, confirm(2, "bob"), "hold_expired [expired_at:2026-05-01 10:01:00 +0000 UTC]"},
		{60*s + ns, &core.Expire{}, "expired #2 bob 2 at 1m0s: 2, 8 left"},
		{60*s + ns, confirm(2, "bob"), "not_found [resource:reservation]"},
		{99 * s, &core.Expire{}, "nothing"},
	}},
	{"confirming is refused in this order: not found, forbidden, already confirmed, expired", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 1), "held #1 ann 1 until 1m0s, 8 left"},
		{0, confirm(2, "ann"), "not_found [resource:reservation]"},
		{99 * s, confirm(1, "bob"), "forbidden"},
		{1 * s, confirm(1, ""), "confirmed #1 ann 1, 8 left"},
		{1 * s, confirm(1, "bob"), "forbidden"},
		{99 * s, confirm(1, "ann"), "already_confirmed"},
		{0, reserve(3, "cid", 1), "reserved #3 cid 1, 7 left"},
		{0, confirm(3, "cid"), "already_confirmed"},
	}},
	{"a reservation is released once, by its holder or the organiser", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 4), "held #1 ann 4 until 1m0s, 5 left"},
		{0, reserve(2, "bob", 5), "reserved #2 bob 5, 0 left"},
		{1 * s, release(1, "bob"), "forbidden"},
		{1 * s, release(1, "ann"), "released #1 ann 4 held, 4 left"},
		{1 * s, release(1, "ann"), "not_found [resource:reservation]"},
		{1 * s, confirm(1, "ann"), "not_found [resource:reservation]"},
		{1 * s, release(2, ""), "released #2 bob 5 confirmed, 9 left"},
		{99 * s, &core.Expire{}, "nothing"},
	}},
	{"a limit counts all units that a holder has, including those from before the limit", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 2), "held #1 ann 2 until 1m0s, 7 left"},
		{0, reserve(2, "ann", 1), "reserved #2 ann 1, 6 left"},
		{0, limit(3), "edited Lamp to 9 at 500, limit 3, 6 left"},
		{0, reserve(3, "ann", 1), "limit_exceeded [limit:3 taken:3]"},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 8 left"},
		{61 * s, reserve(3, "ann", 3), "limit_exceeded [limit:3 taken:1]"},
		{61 * s, reserve(3, "ann", 2), "reserved #3 ann 2, 6 left"},
		{61 * s, limit(0), "edited Lamp to 9 at 500, limit 0, 6 left"},
		{61 * s, reserve(4, "ann", 6), "reserved #4 ann 6, 0 left"},
		{61 * s, limit(1), "edited Lamp to 9 at 500, limit 1, 0 left"},
		{61 * s, release(4, "ann"), "released #4 ann 6 confirmed, 6 left"},
		{61 * s, reserve(5, "ann", 1), "limit_exceeded [limit:1 taken:3]"},
	}},
	{"the stock can't be set below the units held and sold", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 2), "held #1 ann 2 until 1m0s, 7 left"},
		{0, reserve(2, "bob", 1), "reserved #2 bob 1, 6 left"},
		{0, stock(2), "limit_exceeded [held:2 sold:1]"},
		{0, stock(3), "edited Lamp to 3 at 500, limit 0, 0 left"},
		{0, reserve(3, "cid", 1), "sold_out [remaining:0]"},
		{0, stock(4), "edited Lamp to 4 at 500, limit 0, 1 left"},
		{0, reserve(3, "cid", 1), "reserved #3 cid 1, 0 left"},
	}},
	{"holds expire in the order of their deadlines", []attempt{
		{0, create(9, 0), "created p with 9"},
		{3 * s, hold(3, "cid", 3), "held #3 cid 3 until 1m3s, 6 left"},
		{1 * s, hold(1, "ann", 1), "held #1 ann 1 until 1m1s, 5 left"},
		{1 * s, hold(2, "bob", 2), "held #2 bob 2 until 1m1s, 3 left"},
		{61 * s, &core.Expire{}, "nothing"},
		{62 * s, &core.Expire{}, "expired #1 ann 1 at 1m1s, #2 bob 2 at 1m1s: 3, 6 left"},
		{64 * s, &core.Expire{}, "expired #3 cid 3 at 1m3s: 3, 9 left"},
	}},
	{"an id that was held, released and held again at the same time expires once", []attempt{
		{0, create(9, 0), "created p with 9"},
		{0, hold(1, "ann", 1), "held #1 ann 1 until 1m0s, 8 left"},
		{0, hold(2, "bob", 1), "held #2 bob 1 until 1m0s, 7 left"},
		{0, release(2, ""), "released #2 bob 1 held, 8 left"},
		{0, hold(2, "bob", 1), "held #2 bob 1 until 1m0s, 7 left"},
		{61 * s, &core.Expire{}, "expired #1 ann 1 at 1m0s, #2 bob 1 at 1m0s: 2, 9 left"},
	}},
}

func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			p := New()
			for i, a := range rule.attempts {
				if got := coretest.Do(p, a.cmd, day.Add(a.at), describeFact); got != a.want {
					t.Fatalf("row %d: %T at %v\n gives %s\n  want %s", i+1, a.cmd, a.at, got, a.want)
				}
			}
		})
	}
}

// TestImpossibleFacts checks that the core panics at facts that only a damaged log has.
func TestImpossibleFacts(t *testing.T) {
	created := &events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: 2, HoldSeconds: 60}
	id := events.ReservationID(reservationID(1).String())
	reserved := func(quantity, remaining int64) events.Fact {
		return &events.ProductReserved{ReservationID: id, Holder: "ann", Quantity: quantity, Remaining: remaining}
	}
	for name, facts := range map[string][]events.Fact{
		"oversold":                 {reserved(3, -1)},
		"wrong remaining":          {reserved(1, 2)},
		"unknown reservation":      {&events.ProductReleased{ReservationID: id, Holder: "ann", Quantity: 1, Remaining: 2}},
		"invalid reservation id":   {&events.ProductReserved{ReservationID: "1", Holder: "ann", Quantity: 1, Remaining: 1}},
		"duplicate reservation id": {reserved(1, 1), reserved(1, 0)},
		"confirmed twice": {reserved(1, 1),
			&events.ProductConfirmed{ReservationID: id, Holder: "ann", Quantity: 1, Remaining: 1}},
		"expired after its sale": {reserved(1, 1),
			&events.ProductExpired{Expired: []events.ExpiredHold{{ReservationID: id, Holder: "ann", Quantity: 1}}, Quantity: 1,
				Remaining: 2}},
		"stock below the units sold": {reserved(2, 0),
			&events.ProductEdited{DisplayName: "Lamp", Stock: 1, Remaining: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := New()
			p.Evolve(created)
			coretest.RequirePanic(t, p, facts...)
		})
	}
}
