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

// TestIDCacheKeepsTheNewest: of the ids in a set, the newest are cached; an id that was not added is never cached.
func TestIDCacheKeepsTheNewest(t *testing.T) {
	k := newIDCache()
	ids := collidingIDs(k, 2*idCacheWays+1)
	for i, id := range ids[:2*idCacheWays] {
		if k.has(id) {
			t.Fatalf("%s is cached before it was added, want a miss", id)
		}
		k.add(id)
		for j, earlier := range ids[:i+1] {
			if want := i-j < idCacheWays; k.has(earlier) != want {
				t.Errorf("%s, with %d ids after it: cached %v, want %v", earlier, i-j, !want, want)
			}
		}
	}
	if k.has(ids[2*idCacheWays]) || k.has("") {
		t.Error("an id that was never added is cached, want a miss")
	}
}

// TestIDCacheCopies: add copies the id, whose memory the next request overwrites.
func TestIDCacheCopies(t *testing.T) {
	k, buffer := newIDCache(), []byte("lions")
	k.add(unsafe.String(&buffer[0], len(buffer)))
	copy(buffer, "otter")
	if !k.has("lions") || k.has("otter") {
		t.Error("a cached id changed with the buffer of the added string, want a copy")
	}
}

// TestIDCacheConcurrently: concurrent adds and look-ups never report an id that was not added.
func TestIDCacheConcurrently(t *testing.T) {
	k := newIDCache()
	ids := collidingIDs(k, 4*idCacheWays)
	var crowd sync.WaitGroup
	for c := range 4 {
		crowd.Go(func() {
			for i := range 2000 {
				k.add(ids[(i*7+c)%(2*idCacheWays)])
				if none := ids[2*idCacheWays+i%(2*idCacheWays)]; k.has(none) {
					t.Errorf("%s is cached, but was never added; want a miss", none)
				}
			}
		})
	}
	crowd.Wait()
}

// TestHasTeam: a team is found as soon as the views have it, regardless of earlier look-ups, and no longer found once
// the views turn out to be of a different log.
func TestHasTeam(t *testing.T) {
	log, fs := logtest.NewMemory(), vfs.NewMem()
	lions := &events.TeamRegistered{TeamID: "lions", DisplayName: "The lions"}
	check := func(p *Projections, want bool) {
		t.Helper()
		for range 2 { // the second time from the cache, if the team exists
			if has, err := p.HasTeam("lions"); err != nil || has != want {
				t.Errorf("HasTeam(lions) = %v, %v; want %v", has, err, want)
			}
		}
	}
	p := openViews(t, log, fs)
	check(p, false)
	stop := runViews(t, p)
	waitFor(t, p, log.Add(team("lions"), lions))
	check(p, true)
	stop()
	p.Close()
	log.Recorded = nil
	log.Add(team("otters"), &events.TeamRegistered{TeamID: "otters", DisplayName: "The otters"})
	p = openViews(t, log, fs)
	check(p, true) // the log is compared when Run begins to follow it
	runViews(t, p)
	<-p.ready
	check(p, false)
}
