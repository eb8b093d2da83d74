package waitingroom

import (
	"slices"
	"sort"
	"time"

	"admitone/actors/core"
)

// cohort is the passes of one admission.
type cohort struct {
	from, to uint32 // the first and the last place; some in between may not have been admitted
	expires  int64  // UnixNano
	// active counts the active passes. Only the core may use it: the rest of a cohort is immutable
	// and published.
	active int32
}

// expiresBefore orders cohorts by the expiry of their passes.
func (g *cohort) expiresBefore(other *cohort) bool {
	if g.expires != other.expires {
		return g.expires < other.expires
	}
	return g.from < other.from
}

// passes has the cohorts with active passes. Admission proceeds along the line, so cohorts don't
// overlap, and the cohort of a place is found by binary search.
type passes struct {
	cohorts []*cohort          // in the order of the line; shared with published lines
	heap    core.Heap[*cohort] // by expiry; the first cohort has active passes, others may have none
}

func (p *passes) next() time.Time {
	if len(p.heap) == 0 {
		return time.Time{}
	}
	return time.Unix(0, p.heap[0].expires).UTC()
}

// add adds a cohort after all others.
func (p *passes) add(g *cohort) {
	p.cohorts = append(p.cohorts, g)
	p.heap.Push(g, (*cohort).expiresBefore)
}

// findCohort returns the cohort of an admitted place, nil for none.
func findCohort(cohorts []*cohort, place uint32) *cohort {
	i := sort.Search(len(cohorts), func(i int) bool { return cohorts[i].to >= place })
	if i == len(cohorts) || cohorts[i].from > place {
		return nil
	}
	return cohorts[i]
}

// end ends one pass of a cohort.
func (p *passes) end(g *cohort) {
	g.active--
	for len(p.cohorts) > 0 && p.cohorts[0].active == 0 {
		p.cohorts = p.cohorts[1:]
	}
	for len(p.heap) > 0 && p.heap[0].active == 0 {
		p.heap.Pop((*cohort).expiresBefore)
	}
}

// load sets the cohorts of a snapshot.
func (p *passes) load(cohorts []*cohort) {
	p.cohorts = slices.DeleteFunc(cohorts, func(g *cohort) bool { return g.active == 0 })
	p.heap = slices.Clone(p.cohorts)
	p.heap.Init((*cohort).expiresBefore)
}

// admission is a number of visitors admitted at one time.
type admission struct {
	At    int64 // UnixNano
	Count int64
}

// At most the rate is admitted in any rateWindow, and at most 1/spreadPart of it in any spreadWindow.
// An eighth in a tenth of a second leaves room to catch up.
const (
	rateWindow   = time.Second
	spreadWindow = rateWindow / 10
	spreadPart   = 8
)

// allowed returns how many more visitors the rate admits at now, after recent admissions. It ignores
// admissions more than a window in the future, which happen when a clock was set back.
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
