package admission

import (
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// unknown is an estimate that nobody can make, farthest the longest of the others'
// two parts.
const (
	unknown  time.Duration = -1
	farthest               = 100 * 365 * 24 * time.Hour
)

// The rate is measured over a minute, by samples a second apart; less than a few of
// them say nothing.
const (
	measured   = time.Minute
	sampled    = time.Second
	leastKnown = 5 * time.Second
)

// pace measures how fast a room admits. The round of a room alone touches it.
type pace struct {
	samples []sample // the oldest first
}

type sample struct {
	at       time.Time
	admitted int64
}

// add takes note of a line. Times at which nobody waited say nothing about a rate.
func (p *pace) add(at time.Time, l *waitingroom.Line) {
	if l.Waiting == 0 {
		p.samples = p.samples[:0]
		return
	}
	last := len(p.samples) - 1
	if last >= 0 && at.Sub(p.samples[last].at) < sampled && !at.Before(p.samples[last].at) {
		return
	}
	if last >= 0 && at.Before(p.samples[last].at) { // a clock set back
		p.samples = p.samples[:0]
	}
	for len(p.samples) > 1 && at.Sub(p.samples[1].at) >= measured {
		p.samples = append(p.samples[:0], p.samples[1:]...)
	}
	p.samples = append(p.samples, sample{at: at, admitted: l.Admitted})
}

// perSecond is how many the room will admit in a second.
func (p *pace) perSecond(at time.Time, l *waitingroom.Line) float64 {
	s := &l.Settings
	most := float64(s.AdmitPerSecond)
	least := min(most, float64(s.MaxActive)/float64(s.ActiveSeconds))
	if len(p.samples) > 0 {
		if span := at.Sub(p.samples[0].at); span >= leastKnown {
			return min(max(float64(l.Admitted-p.samples[0].admitted)/span.Seconds(), least), most)
		}
	}
	if l.Active < s.MaxActive {
		return most
	}
	return least
}

// eta is when a visitor at this number will come in, from at on; for number 0, whose
// place is not drawn yet, when the room opens. It is unknown while nobody comes in.
func eta(at time.Time, l *waitingroom.Line, perSecond float64, number int64) time.Duration {
	opening := min(max(l.Settings.OpensAt.Sub(at), 0), farthest)
	switch {
	case l.Settings.Status == events.RoomClosed || perSecond <= 0:
		return unknown
	case number == 0:
		return opening
	}
	ahead := min(float64(number)/perSecond, farthest.Seconds())
	return opening + time.Duration(ahead*float64(time.Second))
}

// The bounds of how soon to ask again.
const (
	leastPoll = time.Second
	mostPoll  = time.Hour
	// undrawnPolls is how many polls a second a room wants from those who will all
	// have the same estimate, that of the opening.
	undrawnPolls = 20_000
	// pollsAhead is what keeps a crowd that all comes in within seconds from asking
	// every second: for each so many ahead, a second more.
	pollsAhead = 40_000
	// The first frontPlaces of a line ask every frontPoll at the latest: a place that
	// becomes free is theirs at a moment that no estimate knows, and their pass runs
	// from then on.
	frontPlaces = 50
	frontPoll   = 2 * time.Second
)

// pollAfter is how soon a visitor who waits is to ask again, from at on.
func pollAfter(at time.Time, l *waitingroom.Line, eta time.Duration, number int64) time.Duration {
	longest := min(time.Duration(l.Settings.HeartbeatSeconds)*time.Second, mostPoll)
	if eta == unknown {
		return longest
	}
	after := max(eta/4, time.Duration(number)*time.Second/pollsAhead)
	if number == 0 {
		after = max(after, time.Duration(l.Waiting)*time.Second/undrawnPolls)
	} else if number <= frontPlaces && !l.Settings.OpensAt.After(at) {
		after = min(after, frontPoll)
	}
	return min(max(after, leastPoll), longest).Round(time.Second)
}
