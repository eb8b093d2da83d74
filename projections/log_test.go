package projections_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/projections"
	"admitone/projections/live"
	"admitone/projections/row"
)

// spawn is a Spawner of goroutines.
func spawn(_ string, receive func(any)) (send func(any), stop func()) {
	var mu sync.Mutex
	var inbox []any
	wake := make(chan struct{}, 1)
	put := func(msg any) {
		mu.Lock()
		inbox = append(inbox, msg)
		mu.Unlock()
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	type end struct{}
	go func() {
		for range wake {
			mu.Lock()
			batch := inbox
			inbox = nil
			mu.Unlock()
			for _, msg := range batch {
				if msg == (end{}) {
					return
				}
				receive(msg)
			}
		}
	}()
	return put, func() { put(end{}) }
}

func openLog(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// follow opens the views in dir and runs them until stop.
func follow(t testing.TB, log events.Store, dir string) (p *projections.Projections, stop func()) {
	t.Helper()
	p, err := projections.Open(projections.Config{Store: log, Dir: dir, Spawn: spawn})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	return p, func() {
		cancel()
		<-done
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// sell appends sales of n single units of a new product in batches of up to size, and returns the
// last position.
func sell(t testing.TB, log events.Store, id string, n, size int) (last events.Position) {
	stream, expected := events.NewStreamID("product", id), events.NoStream
	var prev events.Hash
	var batch []events.Event
	add := func(fact events.Fact) {
		e := events.Event{ID: events.EventID(id, int(expected)+1+len(batch)), Type: fact.Name(),
			Data: events.AppendFact(nil, fact), Fact: fact}
		e.Metadata, prev = events.Seal(nil, prev, stream, expected+1+events.Revision(len(batch)), &e,
			&events.Metadata{CommandID: id})
		batch = append(batch, e)
	}
	add(&events.ProductCreated{ProductID: events.ProductID(id), DisplayName: id, Stock: int64(n)})
	for remaining := n; ; {
		for ; remaining > 0 && len(batch) < size; remaining-- {
			add(&events.ProductReserved{ReservationID: events.ReservationID(fmt.Sprint("r", remaining)), Holder: "h", Quantity: 1,
				Remaining: int64(remaining) - 1})
		}
		if len(batch) == 0 {
			return last
		}
		done, err := log.Append(context.Background(), stream, expected, batch)
		if err != nil {
			t.Error(err)
			return last
		}
		expected, last, batch = done.Revision, done.Position, nil
	}
}

// soldOutWatcher is a subscriber that waits until a product is sold out, and checks that no frame is missing.
type soldOutWatcher struct {
	mu      sync.Mutex
	soldOut chan struct{}
	at      events.Position
	bad     string
}

func (l *soldOutWatcher) Deliver(f *live.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Kind == live.DeltaFrame && f.Previous != l.at {
		l.bad = fmt.Sprintf("at %d it received %s", l.at, f.Bytes())
	}
	l.at = f.Position
	if product := f.Row().(row.Product); product.Remaining() == 0 {
		close(l.soldOut)
	}
}

// checkSoldOut compares the views at head with the sales of TestViewsOfTheEmbeddedLog.
func checkSoldOut(ctx context.Context, t *testing.T, p *projections.Projections, head events.Position) {
	t.Helper()
	if err := p.WaitFor(ctx, head); err != nil {
		t.Fatal(err)
	}
	page, next, err := p.Products("", 10)
	if err != nil || next != "" || len(page) != 4 {
		t.Fatalf("Products: %+v, %q, %v; want four on one page", page, next, err)
	}
	for i, row := range page {
		if row.ID != events.ProductID(fmt.Sprint("p", i)) || row.Sold != int64(500+i) || row.Remaining() != 0 ||
			row.Revision != events.Revision(500+i) {
			t.Errorf("row %d: %+v, want p%d with %d sold and none remaining", i, row, i, 500+i)
		}
	}
}

// TestViewsOfTheEmbeddedLog: views of concurrent sales, and their subscribers, are complete, also after a restart and
// when folded again.
func TestViewsOfTheEmbeddedLog(t *testing.T) {
	dir := t.TempDir()
	log := openLog(t, dir+"/log")
	p, stop := follow(t, log, dir+"/views")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var sales sync.WaitGroup
	for i := range 4 {
		sales.Go(func() { sell(t, log, fmt.Sprint("p", i), 500+i, 1+i) })
	}
	watchers := make([]soldOutWatcher, 4)
	for i := range watchers {
		watchers[i].soldOut = make(chan struct{})
		topic := fmt.Sprint("product:p", i)
		for pos := events.Position(1); ; pos++ { // until the product has been created
			if _, err := p.Subscribe(topic, live.Resume{}, &watchers[i]); err == nil {
				break
			}
			if err := p.WaitFor(ctx, pos); err != nil {
				t.Fatal(err)
			}
		}
	}
	sales.Wait()
	for i := range watchers {
		select {
		case <-watchers[i].soldOut:
		case <-ctx.Done():
			t.Fatalf("the subscriber of p%d did not see it sold out in time", i)
		}
		if watchers[i].bad != "" {
			t.Errorf("the subscriber of p%d: %s", i, watchers[i].bad)
		}
	}
	head, err := log.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	checkSoldOut(ctx, t, p, head)
	stop()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	log = openLog(t, dir+"/log")
	defer log.Close()
	again, stop := follow(t, log, dir+"/views")
	defer stop()
	checkSoldOut(ctx, t, again, head)
	if n := again.Stats().Events; n != 0 {
		t.Errorf("%d events were folded after the restart, want 0", n)
	}
	fresh, stop := follow(t, log, dir+"/fresh") // decodes the facts; the first views got them with the events
	defer stop()
	checkSoldOut(ctx, t, fresh, head)
}

// BenchmarkRestart measures the time from Open until the views contain a log of a million events: folded from the
// beginning ("refold"), and already folded by an earlier run ("restart").
func BenchmarkRestart(b *testing.B) {
	const size = 1_000_000
	dir := b.TempDir()
	log := openLog(b, dir+"/log")
	defer log.Close()
	var sales sync.WaitGroup
	for i := range 100 {
		sales.Go(func() { sell(b, log, fmt.Sprint("p", i), size/100, 1000) })
	}
	sales.Wait()
	head, err := log.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	open := func(views string) {
		p, stop := follow(b, log, views)
		defer stop()
		if err := p.WaitFor(b.Context(), head); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("refold", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			open(fmt.Sprint(dir, "/views", n))
		}
	})
	b.Run("restart", func(b *testing.B) {
		for b.Loop() {
			open(dir + "/views0")
		}
	})
}
