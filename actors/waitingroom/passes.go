package waitingroom

import (
	"slices"
	"sort"
	"time"

	"admitone/actors/core"
)

// cohort is the passes of one admission.
type cohort struct {
	from, to uint32 // its places; places in between may have left before
	expires  int64  // UnixNano
	// open counts the active passes. Only the core may use it: the rest of a cohort is immutable
	// and published.
	open int32
}

// sooner orders cohorts by the expiry of their passes.
func (g *cohort) sooner(other *cohort) bool {
	if g.expires != other.expires {
		return g.expires < other.expires
	}
	return g.from < other.from
}

// passes has the cohorts with active passes. Admission proceeds along the line, so cohorts don't
// overlap, and the cohort of a place is found by binary search.
type passes struct {
	groups []*cohort          // in the order of the line; shared with published lines
	heap   core.Heap[*cohort] // the first to expire is first; may contain cohorts without active passes below it
}

func (p *passes) next() time.Time {
	if len(p.heap) == 0 {
		return time.Time{}
	}
	return time.Unix(0, p.heap[0].expires).UTC()
}

// add adds a cohort after all others.
func (p *passes) add(g *cohort) {
	p.groups = append(p.groups, g)
	p.heap.Push(g, (*cohort).sooner)
}

// find returns the cohort of an admitted place, nil for none.
func find(groups []*cohort, place uint32) *cohort {
	i := sort.Search(len(groups), func(i int) bool { return groups[i].to >= place })
	if i == len(groups) || groups[i].from > place {
		return nil
	}
	return groups[i]
}

// end ends one pass of a cohort.
func (p *passes) end(g *cohort) {
	g.open--
	for len(p.groups) > 0 && p.groups[0].open == 0 {
		p.groups = p.groups[1:]
	}
	for len(p.heap) > 0 && p.heap[0].open == 0 {
		p.heap.Pop((*cohort).sooner)
	}
}

// load sets the cohorts of a snapshot.
func (p *passes) load(groups []*cohort) {
	p.groups = slices.DeleteFunc(groups, func(g *cohort) bool { return g.open == 0 })
	p.heap = slices.Clone(p.groups)
	p.heap.Init((*cohort).sooner)
}

// admission is a number of visitors admitted at one time.
type admission struct {
	At    int64 // UnixNano
	Count int64
}

// The rate applies to every second, and is spread over it: at most an eighth of it in a tenth of a
// second, which leaves room to catch up.
const (
	rateWindow   = time.Second
	spreadWindow = rateWindow / 10
	spreadPart   = 8
)

// allowed returns the number of further admissions by the rate at now, after recent ones.
// Admissions in the far future, from before a clock was set back, are ignored.
func allowed(recent []admission, perSecond int64, now time.Time) int64 {
	second, spread := perSecond, (perSecond+spreadPart-1)/spreadPart
	at := now.UnixNano()
	for _, a := range recent {
		age := time.Duration(at - a.At)
		if age < rateWindow && age > -rateWindow {
			second -= a.Count
		}
		if age < spreadWindow && age > -spreadWindow {
			spread -= a.Count
		}
	}
	return max(min(second, spread), 0)
}

// remember adds an admission and removes those that no longer count.
func remember(recent []admission, a admission) []admission {
	kept := slices.DeleteFunc(recent, func(old admission) bool {
		age := time.Duration(a.At - old.At)
		return age >= rateWindow || age <= -rateWindow
	})
	return append(kept, a)
}

// nextAllowed returns the first time after now at which the rate admits more than at now, zero for
// none.
func nextAllowed(recent []admission, now time.Time) (next time.Time) {
	for _, a := range recent {
		for _, window := range []time.Duration{spreadWindow, rateWindow} {
			at := time.Unix(0, a.At).Add(window)
			if at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}
