package projections

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// boxOfficeContent returns the content of all views of performances, seats, bookings and wallets.
func boxOfficeContent(t rapid.TB, p *Projections) (all []string) {
	t.Helper()
	rows, next, err := p.Performances(time.Time{}, time.Time{}, "", 9)
	if err != nil || next != "" {
		t.Fatalf("Performances: next page %q, %v; want one page", next, err)
	}
	for _, row := range rows {
		m, ok, err := p.SeatMap(row.ID)
		if err != nil || !ok {
			t.Fatalf("SeatMap(%s): %t, %v; want an existing performance", row.ID, ok, err)
		}
		row.Layout = nil
		all = append(all, fmt.Sprintf("%+v %q", row, m.Marks))
	}
	for _, holder := range []events.Holder{"ada", "ada-b"} {
		bookings, _, err := p.HolderBookings(holder, 0, 99)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range bookings {
			all = append(all, fmt.Sprintf("%+v", b))
		}
		wallet, _, err := p.Wallet(holder)
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := p.WalletEntries(holder, 0, 99)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%+v %+v", wallet, entries))
	}
	k := viewOf[*boxOffice](p)
	return append(all, fmt.Sprint("unfinished ", recordsOf(t, p, k.unfinished.records)),
		fmt.Sprint("holdings ", recordsOf(t, p, k.holdings)),
		fmt.Sprint("unconfirmed ", recordsOf(t, p, k.unconfirmed)))
}

// recordsOf returns all records of one kind, as text.
func recordsOf[V any](t rapid.TB, p *Projections, of *records[V]) (all []string) {
	t.Helper()
	p.mu.RLock()
	found, err := of.scan("", "\xff")
	p.mu.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := found.each(func(key string, value *V) bool {
		all = append(all,
			fmt.Sprint(key, *value))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBoxOfficeMatchesTheModel: rows, maps, pages and the index of unfinished bookings agree with a
// model whose commands may be interrupted after any step.
func TestBoxOfficeMatchesTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, forged := logtest.NewMemory(), logtest.NewForgery()
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		var c *logtest.BookingModel
		c = logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) {
			log.Add(stream, fact)
			forged.Now = c.Now
			forged.Add(stream, fact)
		})
		done := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
			if rapid.IntRange(0, 9).Draw(t, "check") == 0 {
				foldEvents(t, p, log.Recorded[done:])
				done = len(log.Recorded)
				checkModel(t, p, c)
			}
		}
		foldEvents(t, p, log.Recorded[done:])
		checkModel(t, p, c)
		if err := verifyAll(forged.Log); err != nil {
			t.Fatal(err)
		}
	})
}

func checkModel(t *rapid.T, p *Projections, c *logtest.BookingModel) {
	for id, seats := range c.Shows {
		checkSeatMap(t, p, id, seats, c.Sales[id])
		checkBlocks(t, p, id, seats)
		performance, _, err := p.Performance(id)
		var want []row.Area
		if floor := c.Floors[id]; floor != nil {
			want = []row.Area{{ID: "floor", AreaCounts: floor.AreaCounts}}
		}
		if err != nil || !slices.Equal(performance.Areas, want) {
			t.Fatalf("the areas of %s are %+v, %v; want %+v", id, performance.Areas, err, want)
		}
	}
	var ids []string
	for _, id := range c.Order {
		want := c.Bookings[id]
		b, ok, err := p.Booking(id)
		if err != nil || !ok || b.Status != want.Status || b.Attempt != want.Attempt || b.Amount != want.Amount ||
			b.Refunding != want.Refunding ||
			!b.ExpiresAt.Equal(want.Until) || b.Holder != want.Holder || b.Extended != want.Extended ||
			len(b.Seats) != len(want.Seats) {
			t.Fatalf("Booking: %+v, %t, %v; want %+v", b, ok, err, want)
		}
		ids = append(ids, string(want.Holder)+" "+id)
	}
	for n := range c.LastNumber + 1 {
		checkUnconfirmed(t, p, c, events.BookingID(fmt.Sprint("b.", n)))
	}
	slices.SortStableFunc(ids, byHolder)
	checkPages(t, p, c, ids)
	open := recordsOf(t, p, viewOf[*boxOffice](p).unfinished.records)
	if n, err := p.Unfinished(); err != nil || n != len(open) {
		t.Fatalf("Unfinished() = %d, %v; want %d", n, err, len(open))
	}
	unfinished := c.Unfinished()
	for i, id := range unfinished {
		if i >= len(open) || open[i][:len(id)] != id {
			t.Fatalf("unfinished are %q, want %q", open, unfinished)
		}
	}
	if len(open) != len(unfinished) {
		t.Fatalf("unfinished are %q, want %q", open, unfinished)
	}
}

// checkBlocks compares the blocked seats by label.
func checkBlocks(t *rapid.T, p *Projections, id events.PerformanceID, seats map[string]*logtest.ModelSeat) {
	var want []Block
	for _, label := range []events.BlockLabel{"", "press"} {
		block := Block{Label: label}
		for _, name := range logtest.ModelSeats {
			if s := seats[name]; s.Status == events.SeatIsBlocked && s.Label == label {
				block.Seats = append(block.Seats, events.SeatName(name))
			}
		}
		if block.Seats != nil {
			want = append(want, block)
		}
	}
	if got, at, ok, err := p.Blocks(id); err != nil || !ok || at != p.Position() || !reflect.DeepEqual(got, want) {
		t.Fatalf("blocked are %+v at %d, %t, %v; want %+v", got, at, ok, err, want)
	}
}

// checkUnconfirmed compares the holds of attempts that did not become a booking.
func checkUnconfirmed(t *rapid.T, p *Projections, c *logtest.BookingModel, id events.BookingID) {
	want := map[events.HoldID][]events.StreamID{}
	if b := c.Attempts[id]; b != nil {
		if streams := c.HeldStreams(b); len(streams) > 0 {
			want[events.NewHoldID(id, b.Attempt)] = streams
		}
	}
	got, err := p.UnconfirmedHolds(t.Context(), id)
	for _, streams := range got {
		slices.Sort(streams)
	}
	for _, streams := range want {
		slices.Sort(streams)
	}
	if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("UnconfirmedHolds(%s) = %v, %v; want %v", id, got, err, want)
	}
}

// checkPages compares the lists of each holder.
func checkPages(t *rapid.T, p *Projections, c *logtest.BookingModel, ids []string) {
	size := rapid.IntRange(1, 4).Draw(t, "size")
	var got, money []string
	for _, holder := range []events.Holder{"ada", "ada-b"} {
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next, err := p.HolderBookings(holder, after, size)
			if err != nil || len(page) > size {
				t.Fatalf("HolderBookings returned %d bookings, %v; want at most %d", len(page), err, size)
			}
			for _, b := range page {
				got = append(got, string(holder)+" "+string(b.ID))
			}
			after = next
		}
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next, err := p.WalletEntries(holder, after, size)
			if err != nil || len(page) > size {
				t.Fatalf("WalletEntries returned %d entries, %v; want at most %d", len(page), err, size)
			}
			for _, w := range page {
				money = append(money, fmt.Sprintf("%s %s %s: %d, balance %d", holder, w.Kind, w.ID, w.Amount, w.Balance))
			}
			after = next
		}
		wallet, ok, err := p.Wallet(holder)
		balance, exists := c.Wallets[holder]
		if err != nil || ok != exists || wallet.Balance != balance ||
			wallet.Balance != wallet.Charged-wallet.Debited+wallet.Refunded {
			t.Fatalf("Wallet: %+v, %t, %v; want %d, %t", wallet, ok, err, balance, exists)
		}
	}
	if !slices.Equal(got, ids) {
		t.Fatalf("bookings %q, want %q", got, ids)
	}
	want := slices.Clone(c.Money)
	slices.SortStableFunc(want, byHolder)
	if !slices.Equal(money, want) {
		t.Fatalf("movements\n%q, want\n%q", money, want)
	}
}

// byHolder compares two lines by their first word.
func byHolder(a, b string) int {
	a, _, _ = strings.Cut(a, " ")
	b, _, _ = strings.Cut(b, " ")
	return strings.Compare(a, b)
}

func checkSeatMap(t *rapid.T, p *Projections, id events.PerformanceID, seats map[string]*logtest.ModelSeat,
	sale *logtest.ModelSale) {
	performance, ok, err := p.Performance(id)
	if err != nil || !ok || performance.Capacity != int64(len(seats)) {
		t.Fatalf("Performance(%s): %+v, %t, %v; want capacity %d", id, performance, ok, err, len(seats))
	}
	m, ok, err := p.SeatMap(id)
	if err != nil || !ok {
		t.Fatalf("SeatMap(%s): %t, %v; want an existing performance", id, ok, err)
	}
	counts := m.Counts()
	total := row.SeatCounts{}
	for i, section := range performance.Sections {
		if counts[i] != section {
			t.Fatalf("section %s: the map has %+v, the row %+v; want equal counts", section.ID, counts[i], section)
		}
		total.Capacity += section.Capacity
		total.Held += section.Held
		total.Booked += section.Booked
		total.Blocked += section.Blocked
	}
	if total != performance.SeatCounts {
		t.Fatalf("the sections add up to %+v, the row has %+v; want equal counts", total, performance.SeatCounts)
	}
	section := rapid.SampledFrom([]events.SectionID{"", "A", "B-x", "C"}).Draw(t, "section")
	status := rapid.SampledFrom([]events.SeatStatus{"", "free", "held", "booked", "blocked"}).Draw(t, "status")
	var got, want []row.Seat
	for after, more := uint64(0), true; more; more = after != 0 {
		page, next := m.Seats(section, status, after, 2)
		got, after = append(got, page...), next
	}
	for _, name := range logtest.ModelSeats {
		of, _, _, _ := events.ParseSeat(events.SeatName(name))
		s := seats[name]
		if now, ok := m.Status(events.SeatName(name)); !ok || now != s.Status {
			t.Fatalf("%s is %s, want %s", name, now, s.Status)
		}
		if (section == "" || section == of) && (status == "" || status == s.Status) {
			want = append(want, row.Seat{Seat: events.SeatName(name), Status: s.Status, Price: sale.Price(name)})
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("seats %+v, want %+v", got, want)
	}
	taken, at, err := p.TakenSeats(t.Context(), id)
	if err != nil || at != p.Position() {
		t.Fatalf("TakenSeats: at %d, %v; want %d", at, err, p.Position())
	}
	for i, name := range logtest.ModelSeats {
		if (taken[i] == 0) != (seats[name].Status == events.SeatIsFree) {
			t.Fatalf("TakenSeats has %d for %s, which is %s; want 0 only for a free seat", taken[i], name, seats[name].Status)
		}
	}
}
