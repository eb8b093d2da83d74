package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"admitone/actors/product"
	"admitone/events"
)

// keyed reserves a quantity of the lamp under a key.
func keyed(d *Desk, key string, quantity int64) (Answer, error) {
	command := &product.Reserve{ReservationID: NewID(), Holder: "ann", Quantity: quantity}
	return d.Ask(
		context.Background(),
		Request{Stream: lamp, Command: command, ID: KeyedCommandID("ann", key), Actor: "ann"},
	)
}

// checkKeyed reserves one lamp under key K and checks the answer's revision and whether it was replayed.
func checkKeyed(t *testing.T, d *Desk, revision events.Revision, replayed bool) {
	t.Helper()
	if answer, err := keyed(d, "K", 1); err != nil || answer.Revision != revision || answer.Replayed != replayed {
		t.Errorf("revision %d, replayed %v, %v; want %d, %v", answer.Revision, answer.Replayed, err, revision, replayed)
	}
}

// TestReusedKeySurvivesReload: a key that has expired and was used again belongs to the
// newer command, even after a load.
func TestReusedKeySurvivesReload(t *testing.T) {
	store := openLog(t, t.TempDir())
	var c clock
	open := func() *Desk { return openDesk(t, store, func(config *Config) { config.Now = c.now }) }
	d := open()
	mustCreate(t, d, 10)
	checkKeyed(t, d, 1, false)
	c.advance(49 * time.Hour)
	checkKeyed(t, d, 2, false)
	checkKeyed(t, d, 2, true)
	closeDesk(t, d)
	d = open()
	checkKeyed(t, d, 2, true)
	c.advance(49 * time.Hour)
	checkKeyed(t, d, 3, false)
}

// TestLoadedWindowEqualsLiveWindow: at any time, a desk that never stopped gives the same
// answers as one that loads before each command, and as one that starts from a snapshot.
func TestLoadedWindowEqualsLiveWindow(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var c clock
	open := func(store events.Store, snapshots events.Snapshots) *Desk {
		return openDesk(
			t,
			store,
			func(config *Config) { config.Now, config.Snapshots, config.SnapshotEvery = c.now, snapshots, 4 },
		)
	}
	logs := []interface {
		events.Store
		events.Snapshots
	}{openLog(t, t.TempDir()), openLog(t, t.TempDir()), openLog(t, t.TempDir())}
	running := open(logs[0], nil)
	mustCreate(t, running, 1000)
	for _, log := range logs[1:] {
		d := open(log, nil)
		mustCreate(t, d, 1000)
		closeDesk(t, d)
	}
	for range 150 {
		c.advance(time.Duration(rng.IntN(20)) * time.Hour)
		key, quantity := fmt.Sprint(rng.IntN(4)), int64(1)
		if rng.IntN(3) == 0 { // refused: it leaves no trace
			key, quantity = "refused", 5000
		}
		want, wantErr := keyed(running, key, quantity)
		for i, log := range logs[1:] {
			snapshots := events.Snapshots(log)
			if i == 0 {
				snapshots = nil
			}
			d := open(log, snapshots)
			got, err := keyed(d, key, quantity)
			closeDesk(t, d)
			if code(err) != code(wantErr) || got.Revision != want.Revision || got.Replayed != want.Replayed {
				t.Fatalf("at %v, key %s: desk %d answers %d, %v, %v; the desk that never stopped %d, %v, %v",
					c.now(), key, i, got.Revision, got.Replayed, err, want.Revision, want.Replayed, wantErr)
			}
		}
	}
}

// TestFailedAppendIsNotReplayed: a command whose append has an unknown outcome, or a conflict, is
// not answered with the facts of an earlier use of its key.
func TestFailedAppendIsNotReplayed(t *testing.T) {
	refused := func(context.Context, events.Store, events.StreamID,
		events.Revision, []events.Event) (events.Appended, error) {
		return events.Appended{}, events.ErrConflict
	}
	for name, test := range map[string]struct {
		fault appendTo
		sales int64 // in between
	}{"unknown": {lost, 0}, "conflict": {refused, 0}, "unknown, after a snapshot": {lost, 40}, "stored": {stored, 0}} {
		t.Run(name, func(t *testing.T) {
			log := openLog(t, t.TempDir())
			f := &faulty{Store: log}
			var c clock
			d := openDesk(t, f, func(config *Config) { config.Now, config.Snapshots, config.SnapshotEvery = c.now, log, 4 })
			mustCreate(t, d, 100)
			checkKeyed(t, d, 1, false)
			sell(t, d, int(test.sales))
			c.advance(49 * time.Hour)
			f.setFaults(test.fault)
			next := events.Revision(2 + test.sales)
			checkKeyed(t, d, next, false)
			checkKeyed(t, d, next, true)
		})
	}
}
