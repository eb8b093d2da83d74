package client_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"admitone/api"
	"admitone/api/client"
)

// changesPerCut is the number of changes for each cut of a connection.
const changesPerCut = 50

// cutCount returns the number of cuts in a test: ADMITONE_CUTS, or a few.
func cutCount(t testing.TB) int {
	t.Helper()
	text := os.Getenv("ADMITONE_CUTS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("ADMITONE_CUTS is %q, want a number", text)
	}
	return n
}

// snapshotsAllowed is the maximum number of snapshots of a watch: the first one, and a few for
// changes that the server can't merge. A client that does not resume gets one for each cut.
func snapshotsAllowed(t testing.TB) int {
	t.Helper()
	return 2 + cutCount(t)/4
}

// change makes changes of the product p and cuts connections meanwhile. seen waits until the watcher
// has seen a position.
func change(t *testing.T, c *client.Client, p *proxy, seen func(position int64)) (remaining int64) {
	t.Helper()
	ctx := t.Context()
	seen(1) // the topic exists
	for cut := range cutCount(t) {
		p.arm()
		var mu sync.Mutex
		var last int64
		var workers sync.WaitGroup
		for range 2 {
			workers.Go(func() {
				for n := range changesPerCut / 2 {
					r, err := c.Reserve(ctx, "p", client.NewReservation{Holder: "ada", Hold: new(n%5 == 0)})
					if err == nil && n%7 == 0 {
						r, err = c.Release(ctx, "p", r.ID)
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					last = max(last, r.Position)
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		if t.Failed() {
			t.FailNow()
		}
		for end := time.Now().Add(patience); p.count() <= cut && time.Now().Before(end); {
			p.cut() // too few bytes have passed, or the watcher is connecting
			time.Sleep(time.Millisecond)
		}
		seen(last)
	}
	product, err := c.Product(ctx, "p")
	if err != nil {
		t.Fatal(err)
	}
	return product.Remaining
}

// TestWatchCut: connections are cut repeatedly, also in the middle of a frame. The watcher sees
// every change once: the sum of the changes equals the counts at every frame.
func TestWatchCut(t *testing.T) {
	address, _ := startServer(t, t.TempDir(), api.OpenAuth{})
	p := newProxy(t, address)
	direct, cut := clientOf(t, "http://"+address), clientOf(t, p.address())
	stock := int64(cutCount(t)*changesPerCut + 1)
	if _, err := direct.CreateProduct(t.Context(), client.NewProduct{ID: "p", Name: "P", Stock: stock}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*patience)
	defer stop()
	positions := make(chan int64)
	result := make(chan error, 1)
	var left int64 // remaining, as seen; read after result
	go func() {
		defer close(positions)
		result <- follow(ctx, cut, &left, snapshotsAllowed(t), positions)
	}()
	frames, last := 0, int64(0)
	seen := func(position int64) {
		t.Helper()
		for last < position {
			select {
			case at, ok := <-positions:
				if !ok {
					t.Fatal("the watch has ended: ", <-result)
				}
				frames, last = frames+1, at
			case <-time.After(patience):
				t.Fatalf("the watcher saw position %d, want %d in time", last, position)
			}
		}
	}
	remaining := change(t, direct, p, seen)
	stop()
	for range positions {
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if left != remaining {
		t.Errorf("the watcher saw %d remaining, want %d", left, remaining)
	}
	if p.count() < cutCount(t) {
		t.Errorf("the connection was cut %d times, want %d", p.count(), cutCount(t))
	}
	t.Logf("%d cuts, %d frames, %d positions", p.count(), frames, last)
}

// follow watches the product p, checks each frame against the previous one, and reports the
// position of each. It ends with ctx.
func follow(ctx context.Context, c *client.Client, left *int64, snapshots int, positions chan<- int64) error {
	var at, held, sold int64
	for frame, err := range c.Watch(ctx, "product:p") {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		var d client.ProductDelta // it also has the counts of a snapshot
		if err := frame.Decode(&d); err != nil {
			return err
		}
		if frame.Snapshot {
			snapshots--
		}
		switch {
		case frame.Snapshot && (frame.Position < at || snapshots < 0):
			return fmt.Errorf("an unexpected snapshot at %d, after %d", frame.Position, at)
		case !frame.Snapshot && (frame.Previous != at || frame.Position <= at):
			return fmt.Errorf("a delta from %d to %d, after %d", frame.Previous, frame.Position, at)
		case !frame.Snapshot && *left+d.Change != d.Remaining:
			return fmt.Errorf("%d remaining and a change of %d gave %d", *left, d.Change, d.Remaining)
		case !frame.Snapshot && *left+held+sold != d.Remaining+d.Held+d.Sold:
			return fmt.Errorf("the counts changed from %d, %d, %d to %s", *left, held, sold, frame.Data)
		}
		at, *left, held, sold = frame.Position, d.Remaining, d.Held, d.Sold
		select {
		case positions <- at:
		case <-ctx.Done():
		}
	}
	return nil
}

// TestWatchRestart: a watch continues after a restart without a snapshot, and gets one from a different
// log.
func TestWatchRestart(t *testing.T) {
	dir := t.TempDir()
	address, stop := startServer(t, dir, api.OpenAuth{})
	p := newProxy(t, address)
	create := func(address string) *client.Client {
		t.Helper()
		c := clientOf(t, "http://"+address)
		if _, err := c.CreateProduct(t.Context(), client.NewProduct{ID: "p", Name: "P", Stock: 9}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	reserve := func(c *client.Client) {
		t.Helper()
		if _, err := c.Reserve(t.Context(), "p", client.NewReservation{Holder: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	create(address)
	steps := []func(){
		func() { reserve(clientOf(t, "http://"+address)) },
		func() {
			stop()
			address, stop = startServer(t, dir, api.OpenAuth{})
			reserve(clientOf(t, "http://"+address))
			p.target.Store(&address)
		},
		func() {
			other, _ := startServer(t, t.TempDir(), api.OpenAuth{})
			reserve(create(other))
			p.target.Store(&other)
			stop()
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	want := []string{"snapshot 9", "delta 8", "delta 7", "snapshot 8"}
	for frame, err := range clientOf(t, p.address()).Watch(ctx, "product:p") {
		if err != nil {
			t.Fatal(err)
		}
		var d client.ProductDelta
		if err := frame.Decode(&d); err != nil {
			t.Fatal(err)
		}
		kind := map[bool]string{true: "snapshot", false: "delta"}[frame.Snapshot]
		if got := fmt.Sprint(kind, " ", d.Remaining); got != want[0] {
			t.Fatalf("%s, want %s: %s", got, want[0], frame.Data)
		}
		if want = want[1:]; len(want) == 0 {
			break
		}
		steps[0]()
		steps = steps[1:]
	}
}
