package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// addRandomEvents appends random valid events of a few products, a tournament and two performances to log.
func addRandomEvents(t *rapid.T, log *logtest.Memory) {
	type state struct {
		row  row.Product
		held map[events.ReservationID]int64
		sold map[events.ReservationID]int64
	}
	until := time.Unix(1_800_000_000, 0).UTC()
	states, games := map[events.ProductID]*state{}, &tournamentModel{id: "a"}
	seller := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
	pick := func(m map[events.ReservationID]int64) events.ReservationID {
		return rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(t, "reservation")
	}
	steps := rapid.IntRange(1, 60).Draw(t, "steps")
	for step := range steps {
		switch rapid.IntRange(0, 3).Draw(t, "where") {
		case 0:
			log.Add(cup(games.id), games.randomAction(t)...)
			continue
		case 1:
			seller.RandomAction(t)
			continue
		}
		id := rapid.SampledFrom([]events.ProductID{"a", "b", "c-1", "ab"}).Draw(t, "product")
		s := states[id]
		if s == nil {
			s = &state{held: map[events.ReservationID]int64{}, sold: map[events.ReservationID]int64{}}
			states[id] = s
			log.Add(product(id), &events.ProductCreated{ProductID: id, DisplayName: string(id), Stock: 50, HoldSeconds: 60})
			s.row.Stock = 50
			continue
		}
		r, q := events.ReservationID(fmt.Sprint("r", step)), rapid.Int64Range(1, 3).Draw(t, "quantity")
		var fact events.Fact
		switch action := rapid.IntRange(0, 5).Draw(t, "action"); {
		case action == 0 && s.row.Remaining() >= q:
			s.row.Sold += q
			s.sold[r] = q
			fact = &events.ProductReserved{ReservationID: r, Holder: "h", Quantity: q, Remaining: s.row.Remaining()}
		case action == 1 && s.row.Remaining() >= q:
			s.row.Held += q
			s.held[r] = q
			fact = &events.ProductHeld{ReservationID: r, Holder: "h", Quantity: q,
				ExpiresAt: until.Add(time.Duration(step%7) * time.Second), Remaining: s.row.Remaining()}
		case action == 2 && len(s.held) > 0:
			r = pick(s.held)
			s.row.Held, s.row.Sold = s.row.Held-s.held[r], s.row.Sold+s.held[r]
			fact = &events.ProductConfirmed{ReservationID: r, Holder: "h", Quantity: s.held[r], Remaining: s.row.Remaining()}
			s.sold[r] = s.held[r]
			delete(s.held, r)
		case action == 3 && len(s.sold) > 0:
			r = pick(s.sold)
			s.row.Sold -= s.sold[r]
			fact = &events.ProductReleased{ReservationID: r, Holder: "h", Quantity: s.sold[r],
				Was: events.ReservationConfirmed, Remaining: s.row.Remaining()}
			delete(s.sold, r)
		case action == 4 && len(s.held) > 0:
			f := &events.ProductExpired{}
			for _, r := range slices.Sorted(maps.Keys(s.held)) {
				f.Expired = append(f.Expired, events.ExpiredHold{ReservationID: r, Holder: "h", Quantity: s.held[r],
					ExpiresAt: until})
				f.Quantity += s.held[r]
			}
			clear(s.held)
			s.row.Held -= f.Quantity
			f.Remaining = s.row.Remaining()
			fact = f
		default:
			s.row.Stock++
			fact = &events.ProductEdited{DisplayName: string(r), Stock: s.row.Stock, Price: q, Remaining: s.row.Remaining()}
		}
		log.Add(product(id), fact)
	}
}

// content returns the content of all views of p, in memory and on disk, as text.
func content(t rapid.TB, p *Projections) []string {
	t.Helper()
	var all []string
	for after := ""; ; {
		page, next, err := p.Products(after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page {
			one, ok, err := p.Product(row.ID)
			if err != nil || !ok || one != row {
				t.Fatalf("Products has %+v, but Product returns %+v, %v, %v; want the same row", row, one, ok, err)
			}
			all = append(all, fmt.Sprintf("%+v", row))
		}
		if next == "" {
			break
		}
		after = next
	}
	for _, id := range []events.ProductID{"a", "b", "c-1", "ab"} {
		for step := range 60 {
			if r, ok, err := p.Reservation(id, events.ReservationID(fmt.Sprint("r", step))); err != nil {
				t.Fatal(err)
			} else if ok {
				all = append(all, fmt.Sprintf("%+v", r))
			}
		}
	}
	for _, stream := range slices.Sorted(maps.Keys(p.deadlines.streams)) {
		d := p.deadlines.streams[stream]
		all = append(all, fmt.Sprintf("%s: %d open from %d", stream, d.open, d.earliest))
	}
	return slices.Concat(all, tournamentContent(t, p), boxOfficeContent(t, p))
}

// foldEvents applies part in random batches, with random flushes.
func foldEvents(t *rapid.T, p *Projections, part []events.Recorded) {
	for len(part) > 0 {
		n := rapid.IntRange(1, len(part)).Draw(t, "batch")
		if err := p.apply(part[:n]); err != nil {
			t.Fatal(err)
		}
		part = part[n:]
		if rapid.Bool().Draw(t, "flush") {
			p.mu.Lock()
			err := p.flush()
			p.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// openIn opens views in fs with tiny caches and frequent snapshots.
func openIn(t rapid.TB, log *logtest.Memory, fs vfs.FS) *Projections {
	p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: fs,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	viewOf[*products](p).rows.limit = 2 // rows are evicted often
	viewOf[*tournaments](p).rows.limit = 2
	viewOf[*products](p).past.every = 3
	viewOf[*tournaments](p).past.every = 3
	office := viewOf[*boxOffice](p)
	office.performances.limit, office.blocks.limit, office.bookings.limit = 1, 1, 1
	return p
}

// TestAnyCheckpointGivesTheSameViews: views that are stopped after any event, cleanly, by a crash or by the loss of
// their files, and then receive some events again, equal views that were folded without interruption.
func TestAnyCheckpointGivesTheSameViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		addRandomEvents(t, log)
		fresh := openIn(t, log, vfs.NewMem())
		defer fresh.Close()
		if err := fresh.apply(log.Recorded); err != nil {
			t.Fatal(err)
		}
		want := content(t, fresh)

		fs := vfs.NewCrashableMem()
		p := openIn(t, log, fs)
		done := 0
		for range rapid.IntRange(1, 4).Draw(t, "ends") {
			to := rapid.IntRange(done, len(log.Recorded)).Draw(t, "to")
			foldEvents(t, p, log.Recorded[rapid.IntRange(0, done).Draw(t, "again from"):to])
			switch rapid.SampledFrom([]string{"closed", "killed", "power lost", "deleted"}).Draw(t, "end") {
			case "closed":
			case "killed": // written data survives, data in memory doesn't
				p.mu.Lock()
				p.at = p.flushed
				p.mu.Unlock()
			case "power lost":
				crashed := fs.CrashClone(vfs.CrashCloneCfg{})
				p.Close()
				fs = crashed
			case "deleted":
				p.Close()
				if err := fs.RemoveAll("views"); err != nil {
					t.Fatal(err)
				}
			}
			p.Close()
			p = openIn(t, log, fs)
			done = int(p.Position())
		}
		foldEvents(t, p, log.Recorded[done:])
		defer p.Close()
		if got := content(t, p); !slices.Equal(got, want) {
			t.Fatalf("the views have\n%v, want\n%v", got, want)
		}
		for _, views := range []*Projections{p, fresh} {
			if err := views.foldUpTo(t.Context(), 0, nil); err != nil { // flushes
				t.Fatal(err)
			}
		}
		if err := compareRecords(p.db, fresh.db, p.Position()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRunResumesAfterAnOutage(t *testing.T) {
	log := logtest.NewMemory()
	log.Duplicate = 3
	p := openViews(t, log, vfs.NewMem())
	stop := runViews(t, p)
	facts := logtest.ProductFacts()
	waitFor(t, p, log.Add(product("a"), facts[:4]...))
	log.Change(func() { log.Down = fmt.Errorf("unreachable: %w", events.ErrUnavailable) })
	end := log.Add(product("a"), facts[4:]...)
	log.Change(func() { log.Down = nil })
	waitFor(t, p, end)
	if row, ok, err := p.Product("a"); err != nil || !ok || row.Revision != 11 || row.Remaining() != 17 {
		t.Errorf("Product(a) = %+v, %v, %v; want revision 11 with 17 remaining", row, ok, err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want Canceled", err)
	}
	if p.Healthy() != nil || !p.Ready() {
		t.Errorf("Healthy() = %v, Ready() = %v; want nil and true", p.Healthy(), p.Ready())
	}
}

func TestRunStopsAtContradictions(t *testing.T) {
	unknown := logtest.Record(product("a"), 1, 2, logtest.ProductFacts()[1])
	unknown.Type, unknown.Fact = "product.eaten.v1", nil
	violating := logtest.Record(product("a"), 1, 2, &events.ProductReserved{Quantity: 1, Remaining: 1})
	overClosed := logtest.Record(product("a"), 1, 2,
		&events.ProductExpired{Expired: make([]events.ExpiredHold, 1), Remaining: 10})
	for name, c := range map[string]struct {
		event events.Recorded
		want  error
	}{
		"unknown fact":          {unknown, events.ErrUnknownFact},
		"wrong counts":          {violating, row.ErrViolated},
		"expiry without a hold": {overClosed, row.ErrViolated},
	} {
		t.Run(name, func(t *testing.T) {
			log, fs := logtest.NewMemory(), vfs.NewMem()
			log.Add(product("a"), logtest.ProductFacts()[0])
			p := openViews(t, log, fs)
			ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
			defer cancel()
			waited := make(chan error, 1)
			go func() { waited <- p.WaitFor(ctx, 2) }()
			log.Change(func() { log.Recorded = append(log.Recorded, c.event) })
			if err := p.Run(ctx); !errors.Is(err, c.want) {
				t.Errorf("Run = %v, want %v", err, c.want)
			}
			if err := p.Healthy(); !errors.Is(err, c.want) {
				t.Errorf("Healthy() = %v, want %v", err, c.want)
			}
			if err := <-waited; !errors.Is(err, c.want) {
				t.Errorf("WaitFor = %v, want %v", err, c.want)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			again := openViews(t, log, fs)
			row, _, err := again.Product("a")
			if err != nil || again.Position() > 1 || row.Revision > 0 {
				t.Errorf("after a restart the views are at %d with %+v, %v; want none of the refused event's changes",
					again.Position(), row, err)
			}
		})
	}
}

func TestViewsOfAnotherLogAreRebuilt(t *testing.T) {
	for name, change := range map[string]func(*logtest.Memory){
		"a different epoch":   func(l *logtest.Memory) { l.Name = "second" },
		"a different history": func(l *logtest.Memory) { l.Recorded = nil; l.Add(product("b"), logtest.ProductFacts()...) },
		"a shorter log":       func(l *logtest.Memory) { l.Recorded = l.Recorded[:3] },
	} {
		t.Run(name, func(t *testing.T) {
			log, fs := logtest.NewMemory(), vfs.NewMem()
			p := openViews(t, log, fs)
			stop := runViews(t, p)
			waitFor(t, p, log.Add(product("a"), logtest.ProductFacts()...))
			stop()
			p.Close()
			change(log)
			p, fresh := openViews(t, log, fs), openViews(t, log, vfs.NewMem())
			runViews(t, p)
			runViews(t, fresh)
			<-p.ready
			<-fresh.ready
			if got, want := content(t, p), content(t, fresh); !slices.Equal(got, want) {
				t.Errorf("the views have\n%v, want\n%v", got, want)
			}
		})
	}
}

func TestWaitFor(t *testing.T) {
	log := logtest.NewMemory()
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	results := make(chan error)
	for pos := range events.Position(1000) {
		go func() {
			err := p.WaitFor(t.Context(), pos)
			if p.Position() < pos {
				err = fmt.Errorf("WaitFor returned at %d, before %d: %v", p.Position(), pos, err)
			}
			results <- err
		}()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.WaitFor(ended, 1_000_000); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor with an ended context: %v, want Canceled", err)
	}
	log.Add(product("a"), &events.ProductCreated{ProductID: "a", Stock: 2000})
	for n := range int64(998) {
		log.Add(product("a"), &events.ProductReserved{Quantity: 1, Remaining: 1999 - n})
	}
	for range 1000 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	go func() { results <- p.WaitFor(context.Background(), 1_000_000) }()
	p.Close()
	if err := <-results; !errors.Is(err, ErrClosed) {
		t.Errorf("WaitFor after Close: %v, want ErrClosed", err)
	}
	if len(p.waiters.queue) != 0 {
		t.Errorf("%d waiters are queued, want 0", len(p.waiters.queue))
	}
}

func TestProductsAreListedInOrderWhileTheyChange(t *testing.T) {
	log := logtest.NewMemory()
	p := openViews(t, log, vfs.NewMem())
	var want []events.ProductID
	for n := range 100 {
		id := events.ProductID(fmt.Sprint(n))
		want = append(want, id)
		log.Add(product(id), &events.ProductCreated{ProductID: id, DisplayName: "old", Stock: 1})
		if n == 30 {
			p.apply(log.Recorded)
			p.mu.Lock()
			p.flush()
			p.mu.Unlock()
			viewOf[*products](p).rows.young = map[string]*entry[row.Product]{} // as if long unused
			viewOf[*products](p).rows.last = nil
		}
	}
	log.Add(product("7"), &events.ProductEdited{DisplayName: "new", Stock: 2, Remaining: 2})
	if err := p.apply(log.Recorded); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, size := range []int{1, 7, 99, 100, 500} {
		var got []events.ProductID
		for after := ""; ; {
			page, next, err := p.Products(after, size)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page {
				got = append(got, row.ID)
				if (row.Name == "new") != (row.ID == "7") {
					t.Errorf("%s has the name %s, want a new name only for 7", row.ID, row.Name)
				}
			}
			if after = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", size, got, want)
		}
	}
}
