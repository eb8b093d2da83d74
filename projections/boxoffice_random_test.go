package projections

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// boxOfficeContent is all that the views of p hold of performances, seats, bookings
// and wallets.
func boxOfficeContent(t rapid.TB, p *Projections) (all []string) {
	t.Helper()
	rows, next, err := p.Performances(time.Time{}, time.Time{}, "", 9)
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	for _, row := range rows {
		m, ok, err := p.SeatMap(row.ID)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		row.layout = nil
		all = append(all, fmt.Sprintf("%+v %q", row, m.marks))
	}
	for _, holder := range []string{"ada", "ada-b"} {
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
	k := kindOf[*boxOffice](p)
	return append(all, fmt.Sprint("unfinished ", recordsOf(t, p, k.unfinished.records)), fmt.Sprint("holdings ", recordsOf(t, p, k.holdings)))
}

// recordsOf lists all of a view.
func recordsOf[V any](t rapid.TB, p *Projections, of *records[V]) (all []string) {
	t.Helper()
	p.mu.RLock()
	found, err := of.scan("", "\xff")
	p.mu.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := found.each(func(key string, value *V) bool { all = append(all, fmt.Sprint(key, *value)); return true }); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBoxOfficeIsTheModel: rows, maps, pages and the index of what is unfinished are
// what a clerk has in the books, who may have left in the middle of anything.
func TestBoxOfficeIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, forged := newMemoryLog(), newForgery()
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		var c *clerk
		c = newClerk(func(stream events.StreamID, fact events.Fact) {
			log.add(stream, fact)
			forged.now = c.now
			forged.add(stream, fact)
		})
		done := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.something(t)
			if rapid.IntRange(0, 9).Draw(t, "look") == 0 {
				folded(t, p, log.recorded[done:])
				done = len(log.recorded)
				agrees(t, p, c)
			}
		}
		folded(t, p, log.recorded[done:])
		agrees(t, p, c)
		if err := forged.verify(); err != nil {
			t.Fatal(err)
		}
	})
}

func agrees(t *rapid.T, p *Projections, c *clerk) {
	for id, seats := range c.shows {
		showAgrees(t, p, id, seats)
	}
	var ids []string
	for _, id := range c.order {
		want := c.bookings[id]
		b, ok, err := p.Booking(id)
		if err != nil || !ok || b.Status != want.status || b.Attempt != want.attempt || b.Amount != want.amount || b.Refunding != want.refunding ||
			!b.ExpiresAt.Equal(want.until) || b.Holder != want.holder || b.Extended != want.extended || len(b.Seats) != len(want.seats) {
			t.Fatalf("%+v, %t, %v; want %+v", b, ok, err, want)
		}
		ids = append(ids, want.holder+" "+id)
	}
	slices.SortStableFunc(ids, byHolder)
	pagesAgree(t, p, c, ids)
	open := recordsOf(t, p, kindOf[*boxOffice](p).unfinished.records)
	if n, err := p.Unfinished(); err != nil || n != len(open) {
		t.Fatal(n, err)
	}
	unfinished := c.unfinished()
	for i, id := range unfinished {
		if i >= len(open) || open[i][:len(id)] != id {
			t.Fatalf("unfinished are %q, want %q", open, unfinished)
		}
	}
	if len(open) != len(unfinished) {
		t.Fatalf("unfinished are %q, want %q", open, unfinished)
	}
}

// pagesAgree compares what the views list of each holder.
func pagesAgree(t *rapid.T, p *Projections, c *clerk, ids []string) {
	size := rapid.IntRange(1, 4).Draw(t, "size")
	var got, money []string
	for _, holder := range []string{"ada", "ada-b"} {
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next, err := p.HolderBookings(holder, after, size)
			if err != nil || len(page) > size {
				t.Fatal(len(page), err)
			}
			for _, b := range page {
				got = append(got, holder+" "+b.ID)
			}
			after = next
		}
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next, err := p.WalletEntries(holder, after, size)
			if err != nil || len(page) > size {
				t.Fatal(len(page), err)
			}
			for _, w := range page {
				money = append(money, fmt.Sprintf("%s %s %s: %d, %d left", holder, w.Kind, w.ID, w.Amount, w.Balance))
			}
			after = next
		}
		wallet, ok, err := p.Wallet(holder)
		balance, exists := c.wallets[holder]
		if err != nil || ok != exists || wallet.Balance != balance || wallet.Balance != wallet.Charged-wallet.Debited+wallet.Refunded {
			t.Fatalf("%+v, %t, %v; want %d, %t", wallet, ok, err, balance, exists)
		}
	}
	if !slices.Equal(got, ids) {
		t.Fatalf("bookings %q, want %q", got, ids)
	}
	want := slices.Clone(c.money)
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

func showAgrees(t *rapid.T, p *Projections, id string, seats map[string]*clerkSeat) {
	row, ok, err := p.Performance(id)
	if err != nil || !ok || row.Capacity != int64(len(seats)) {
		t.Fatalf("%+v, %t, %v", row, ok, err)
	}
	m, ok, err := p.SeatMap(id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	counts := m.Counts()
	total := SeatCounts{}
	for i, section := range row.Sections {
		if counts[i] != section {
			t.Fatalf("the map has %+v, the row %+v", counts[i], section)
		}
		total.Capacity += section.Capacity
		total.Held += section.Held
		total.Booked += section.Booked
		total.Blocked += section.Blocked
	}
	if total != row.SeatCounts {
		t.Fatalf("the sections add up to %+v, the row has %+v", total, row.SeatCounts)
	}
	section := rapid.SampledFrom([]string{"", "A", "B-x", "C"}).Draw(t, "section")
	status := rapid.SampledFrom([]events.SeatStatus{"", "free", "held", "booked", "blocked"}).Draw(t, "status")
	var got, want []Seat
	for after, more := uint64(0), true; more; more = after != 0 {
		page, next := m.Seats(section, status, after, 2)
		got, after = append(got, page...), next
	}
	for _, name := range clerkSeats {
		of, _, _, _ := events.ParseSeat(name)
		s := seats[name]
		if now, ok := m.Status(name); !ok || now != s.status {
			t.Fatalf("%s is %s, want %s", name, now, s.status)
		}
		if (section == "" || section == of) && (status == "" || status == s.status) {
			want = append(want, Seat{name, s.status, price(name)})
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("seats %+v, want %+v", got, want)
	}
	taken, at, err := p.TakenSeats(t.Context(), id)
	if err != nil || at != p.Position() {
		t.Fatal(at, err)
	}
	for i, name := range clerkSeats {
		if (taken[i] == 0) != (seats[name].status == events.SeatIsFree) {
			t.Fatalf("%s is taken: %d; it is %s", name, taken[i], seats[name].status)
		}
	}
}
