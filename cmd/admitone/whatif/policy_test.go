package whatif

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
)

const second = time.Second

// ask answers a question about a sale, with the settings of its policy.
func ask(t *testing.T, s *sale, from events.Position, set ...string) *Comparison {
	t.Helper()
	policy, err := ParsePolicy(set)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Ask(t.Context(), s.log, Question{Policy: policy, From: from, To: s.log.head()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// begin returns an open sale.
func begin(t *testing.T) *sale {
	s := newSale(t.Fatal)
	t.Cleanup(s.close)
	s.open()
	return s
}

func (s *sale) confirm(id events.ID) {
	s.do(product.Stream("tee"), &product.Confirm{ReservationID: id})
}

func TestShorterHolds(t *testing.T) {
	s := begin(t)
	quick, slow := s.reserve("ann", 1, true), s.reserve("bob", 2, true)
	s.reserve("cid", 4, true) // never confirmed
	s.book("dot", "A-1-1")
	s.pass(20 * second)
	s.confirm(quick)
	s.pass(20 * second)
	s.confirm(slow)
	s.pass(30 * second)
	s.book("ann", "A-1-2")
	c := ask(t, s, 0, "hold_seconds=30")
	if n := c.Recorded; n.UnitsSold != 3 || n.HoldsExpired != 1 || n.BookingsExpired != 1 || len(n.Refused) != 0 {
		t.Errorf("recorded: %+v; want UnitsSold = 3, HoldsExpired = 1, BookingsExpired = 1 and no refusals", n)
	}
	if n := c.WhatIf; n.UnitsSold != 1 || n.HoldsExpired != 2 || n.BookingsExpired != 1 ||
		n.Refused[core.CodeHoldExpired] != 1 {
		t.Errorf("what if: %+v; want UnitsSold = 1, HoldsExpired = 2, BookingsExpired = 1 and Refused[CodeHoldExpired] = 1",
			n)
	}
	// Holds from before the range keep their deadlines.
	for _, from := range []events.Position{s.log.head() - 1, s.log.head()} { // a booking is in progress
		if n := ask(t, s, from, "hold_seconds=30").WhatIf; n.UnitsSold != 0 || n.HoldsExpired != 1 || len(n.Refused) != 0 {
			t.Errorf("from %d: %+v; want UnitsSold = 0, HoldsExpired = 1 and no refusals", from, n)
		}
	}
}

func TestLimitStockAndSlots(t *testing.T) {
	s := begin(t)
	middle := s.log.head() + 1
	for range 4 {
		s.reserve("ann", 1, false)
	}
	s.reserve("bob", 5, false)
	for i := range 6 {
		s.do(tournament.Stream("cup"),
			&tournament.Enter{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprint("t", i))}, Room: "door"})
	}
	s.book("ann", "A-1-1", "A-1-2", "A-1-3")
	for _, from := range []events.Position{0, middle} {
		c := ask(t, s, from, "limit_per_holder=2", "team_limit=5")
		if n := c.WhatIf; n.UnitsSold != 2 || n.Buyers != 1 || n.TopTenShare != 1 || n.Refused[core.CodeLimitExceeded] != 4 ||
			n.TeamsEntered != 5 || n.TeamsWaiting != 1 {
			t.Errorf("from %d: what if: %+v; want UnitsSold = 2, Buyers = 1, TopTenShare = 1, Refused[CodeLimitExceeded] = 4, TeamsEntered = 5 and TeamsWaiting = 1",
				from, n)
		}
		if n := c.Recorded; n.UnitsSold != 9 || n.Buyers != 2 || n.TeamsEntered != 4 || n.TeamsWaiting != 2 {
			t.Errorf("from %d: recorded: %+v; want UnitsSold = 9, Buyers = 2, TeamsEntered = 4 and TeamsWaiting = 2",
				from, n)
		}
		c = ask(t, s, from, "stock=6")
		if n := c.WhatIf; n.UnitsSold != 4 || n.Refused[core.CodeSoldOut] != 1 {
			t.Errorf("from %d: with less stock: %+v; want UnitsSold = 4 and Refused[CodeSoldOut] = 1", from, n)
		}
	}
	policy := kinds.Policy{"stock": 3}
	_, err := Ask(t.Context(), s.log, Question{Policy: policy, From: s.log.head(), To: s.log.head()})
	if !errors.Is(err, ErrBadPolicy) || !strings.Contains(err.Error(), "product-tee") {
		t.Errorf("less stock than is sold already: error %v, want ErrBadPolicy for product-tee", err)
	}
}

// queue returns a sale whose visitors waited, and bought ten seconds after their admission.
func queue(t *testing.T) *sale {
	s := begin(t)
	door := waitingroom.Stream("door")
	s.do(door, &waitingroom.Join{Holder: "ann"})
	s.do(door, &waitingroom.Join{Holder: "bob"})
	s.do(door, &waitingroom.Join{Holder: "cid"})
	s.do(door, &waitingroom.Join{Holder: "dot"})
	s.pass(second)
	s.do(door, &waitingroom.Drop{Tickets: []events.TicketRange{{From: 4, To: 4}}}) // dot does not poll
	for i, holder := range holders[:3] {
		if len(s.do(door, &waitingroom.Admit{})) == 0 {
			t.Fatal("no visitor was admitted")
		}
		s.pass(10 * second)
		s.do(
			product.Stream("tee"),
			&product.Reserve{ReservationID: events.EventID("r", i), Holder: events.Holder(holder), Quantity: 1,
				Room: "door"},
		)
		s.do(door, &waitingroom.Finish{Ticket: int64(i + 1)})
	}
	return s
}

func TestSlowerAdmission(t *testing.T) {
	s := queue(t)
	c := ask(t, s, 0, "max_active=1", "admit_per_second=1")
	if n := c.Recorded; n.Admitted != 3 || n.UnitsSold != 3 || n.PlacesLost != 1 || n.Wait.P50 != 11 || n.Wait.Max != 21 {
		t.Errorf("recorded: %+v; want Admitted = 3, UnitsSold = 3, PlacesLost = 1, Wait.P50 = 11 and Wait.Max = 21", n)
	}
	// Each visitor is admitted when the previous one has finished, ten seconds later.
	if n := c.WhatIf; n.Admitted != 3 || n.UnitsSold != 3 || n.PlacesLost != 1 || n.Wait.P50 < 10 || n.Wait.P50 > 10.2 ||
		n.Wait.Max < 20 || n.Wait.Max > 20.3 {
		t.Errorf("what if: %+v; want Admitted = 3, UnitsSold = 3, PlacesLost = 1, Wait.P50 >= 10, Wait.P50 <= 10.2, Wait.Max >= 20 and Wait.Max <= 20.3",
			n)
	}
	c = ask(t, s, 0, "admit_per_second=0")
	if n := c.WhatIf; n.Admitted != 0 || n.UnitsSold != 0 || n.Refused[neverAdmitted] != 3 {
		t.Errorf("no visitor is admitted: %+v; want Admitted = 0, UnitsSold = 0 and Refused[neverAdmitted] = 3", n)
	}
}

func TestFasterAdmission(t *testing.T) {
	s := queue(t)
	c := ask(t, s, 0, "admit_per_second=100")
	if n := c.WhatIf; n.Admitted < 3 || n.UnitsSold != 3 || n.Wait.P50 > 0.2 || !n.LastSale.Before(*c.Recorded.LastSale) {
		t.Errorf("what if: %+v; want Admitted >= 3, UnitsSold = 3, Wait.P50 <= 0.2 and an earlier LastSale", n)
	}
	// The same question in the middle of the queue.
	middle := events.Position(0)
	for i, e := range s.log.all {
		if e.Type == "waitingroom.admitted.v1" && middle == 0 {
			middle = events.Position(i + 1)
		}
	}
	if n := ask(t, s, middle, "admit_per_second=100").WhatIf; n.Admitted < 3 || n.UnitsSold != 3 || n.Wait.P50 > 1.2 {
		t.Errorf("from %d: what if: %+v; want Admitted >= 3, UnitsSold = 3 and Wait.P50 <= 1.2", middle, n)
	}
}

func TestBadPolicies(t *testing.T) {
	for _, text := range []string{"", "stock", "stock=", "stock=x", "stock=-1", "hold_seconds=0", "price=3",
		"team_limit=1000000000"} {
		if p, err := ParsePolicy([]string{text}); !errors.Is(err, ErrBadPolicy) {
			t.Errorf("ParsePolicy(%q) = %v, %v; want %v", text, p, err, ErrBadPolicy)
		}
	}
}

// TestEveryIntentIsACommand: every request of the sale has a command.
func TestEveryIntentIsACommand(t *testing.T) {
	s := begin(t)
	id := s.reserve("ann", 1, true)
	s.do(product.Stream("tee"), &product.Release{ReservationID: id})
	s.do(waitingroom.Stream("door"), &waitingroom.Join{Holder: "ann"})
	if c := ask(t, s, 0); c.Intents != int64(s.log.head()) {
		t.Errorf("Intents = %d, want %d", c.Intents, s.log.head())
	}
}

func TestTableAndChart(t *testing.T) {
	s := queue(t)
	c := ask(t, s, 0, "stock=2")
	var table, chart bytes.Buffer
	if err := errors.Join(c.Table(&table), c.Chart(&chart)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"what if: stock=2", "units sold 3 2", "refused: sold_out – 1"} {
		if !strings.Contains(strings.Join(strings.Fields(table.String()), " "), want) {
			t.Errorf("no %q in\n%s", want, &table)
		}
	}
	d := xml.NewDecoder(&chart)
	paths := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "path" {
			paths++
		}
	}
	if paths != 2 {
		t.Errorf("%d lines in the chart, want 2", paths)
	}
	if err := (&Comparison{}).Chart(io.Discard); err != nil {
		t.Errorf("Chart of an empty comparison: %v, want no error", err)
	}
}

func TestSeriesStaysSmall(t *testing.T) {
	var s series
	for i := range 100_000 {
		s.add(day.Add(time.Duration(i)*second), int64(i))
	}
	if n := len(s.points); n > maxPoints || s.points[n-1].total != 99_999 {
		t.Errorf("%d points, the last of %d; want at most %d, the last of 99999", n, s.points[n-1].total, maxPoints)
	}
	if stepOf(7) != 1 || stepOf(11) != 2 || stepOf(101) != 10 || stepOf(5_933) != 1000 {
		t.Errorf("stepOf(7), (11), (101), (5933) = %d, %d, %d, %d; want 1, 2, 10, 1000", stepOf(7), stepOf(11), stepOf(101),
			stepOf(5_933))
	}
}
