package projections

import (
	"fmt"
	"sync"
	"testing"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
)

// collidingIDs returns n ids that belong to the same set.
func collidingIDs(k *idCache, n int) (ids []string) {
	for i := 0; len(ids) < n; i++ {
		if id := fmt.Sprint("team-", i); k.set(id) == k.set("team-0") {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestKnownKeepsTheLast: of ids that share a set the last are remembered, and one that was not
// added never is.
func TestKnownKeepsTheLast(t *testing.T) {
	k := newIDCache()
	ids := collidingIDs(k, 2*idCacheWays+1)
	for i, id := range ids[:2*idCacheWays] {
		if k.has(id) {
			t.Fatalf("%s is known before it was added", id)
		}
		k.add(id)
		for j, earlier := range ids[:i+1] {
			if want := i-j < idCacheWays; k.has(earlier) != want {
				t.Errorf("with %d ids after it, %s is known: %v", i-j, earlier, !want)
			}
		}
	}
	if k.has(ids[2*idCacheWays]) || k.has("") {
		t.Error("an id that was never added is known")
	}
}

// TestKnownCopies: the strings of a request are overwritten by the next one, so ids are copied.
func TestKnownCopies(t *testing.T) {
	k, buffer := newIDCache(), []byte("lions")
	k.add(unsafe.String(&buffer[0], len(buffer)))
	copy(buffer, "otter")
	if !k.has("lions") || k.has("otter") {
		t.Error("what was added changed with the buffer it stood in")
	}
}

// TestKnownAtOnce: concurrent adds and look-ups never report an id that was not added.
func TestKnownAtOnce(t *testing.T) {
	k := newIDCache()
	ids := collidingIDs(k, 4*idCacheWays)
	var crowd sync.WaitGroup
	for c := range 4 {
		crowd.Go(func() {
			for i := range 2000 {
				k.add(ids[(i*7+c)%(2*idCacheWays)])
				if none := ids[2*idCacheWays+i%(2*idCacheWays)]; k.has(none) {
					t.Errorf("%s was never added", none)
				}
			}
		})
	}
	crowd.Wait()
}

// TestHasTeam: a team exists as soon as the views have it, however often it was looked up before,
// and no longer once they turn out to be of another log.
func TestHasTeam(t *testing.T) {
	log, fs := logtest.NewMemory(), vfs.NewMem()
	lions := &events.TeamRegistered{TeamID: "lions", DisplayName: "The lions"}
	check := func(p *Projections, want bool) {
		t.Helper()
		for range 2 { // the second time without the disk, if it is so
			if has, err := p.HasTeam("lions"); err != nil || has != want {
				t.Errorf("the lions are there: %v, %v; want %v", has, err, want)
			}
		}
	}
	p := opened(t, log, fs)
	check(p, false)
	stop := started(t, p)
	waitFor(t, p, log.Add(team("lions"), lions))
	check(p, true)
	stop()
	p.Close()
	log.Recorded = nil
	log.Add(team("otters"), &events.TeamRegistered{TeamID: "otters", DisplayName: "The otters"})
	p = opened(t, log, fs)
	check(p, true) // which log it is shows when the views begin to follow
	started(t, p)
	<-p.ready
	check(p, false)
}
