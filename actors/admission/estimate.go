package admission

import (
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// etaUnknown is the estimate of a room that admits nobody. maxETA bounds all other estimates.
const (
	etaUnknown time.Duration = -1
	maxETA                   = 100 * 365 * 24 * time.Hour
)

// The rate is measured over paceWindow by samples that are sampleInterval apart. They must span at
// least minSpan.
const (
	paceWindow     = time.Minute
	sampleInterval = time.Second
	minSpan        = 5 * time.Second
)

// pace measures the rate at which a room admits visitors. Only the room's rounds use it.
type pace struct {
	samples []sample // oldest first
}

type sample struct {
	at       time.Time
	admitted int64
}

// add adds a sample. It discards all samples while nobody waits, since these say nothing about the
// rate.
func (p *pace) add(at time.Time, l *waitingroom.Line) {
	if l.Waiting == 0 {
		p.samples = p.samples[:0]
		return
	}
	last := len(p.samples) - 1
	if last >= 0 && at.Sub(p.samples[last].at) < sampleInterval && !at.Before(p.samples[last].at) {
		return
	}
	if last >= 0 && at.Before(p.samples[last].at) { // the clock was set back
		p.samples = p.samples[:0]
	}
	for len(p.samples) > 1 && at.Sub(p.samples[1].at) >= paceWindow {
		p.samples = append(p.samples[:0], p.samples[1:]...)
	}
	p.samples = append(p.samples, sample{at: at, admitted: l.Admitted})
}

// perSecond returns the estimated number of admissions per second.
func (p *pace) perSecond(at time.Time, l *waitingroom.Line) float64 {
	s := &l.Settings
	maxRate := float64(s.AdmitPerSecond)
	minRate := min(maxRate, float64(s.MaxActive)/float64(s.ActiveSeconds))
	if len(p.samples) > 0 {
		if span := at.Sub(p.samples[0].at); span >= minSpan {
			return min(max(float64(l.Admitted-p.samples[0].admitted)/span.Seconds(), minRate), maxRate)
		}
	}
	if l.Active < s.MaxActive {
		return maxRate
	}
	return minRate
}

// eta returns the estimated time from at until the visitor with this number is admitted. For number
// 0, which means that the place is not drawn yet, it is the time until the room opens. It is
// etaUnknown if the room admits nobody.
func eta(at time.Time, l *waitingroom.Line, perSecond float64, number int64) time.Duration {
	opening := min(max(l.Settings.OpensAt.Sub(at), 0), maxETA)
	switch {
	case l.Settings.Status == events.RoomClosed || perSecond <= 0:
		return etaUnknown
	case number == 0:
		return opening
	}
	ahead := min(float64(number)/perSecond, maxETA.Seconds())
	return opening + time.Duration(ahead*float64(time.Second))
}

// The limits of the poll interval.
const (
	minPoll = time.Second
	maxPoll = time.Hour
	// undrawnPollsPerSecond is the number of polls per second that a room accepts from visitors whose
	// estimate is the opening.
	undrawnPollsPerSecond = 20_000
	// The interval is at least one second per aheadPerSecond visitors ahead, so that a crowd that is
	// admitted within seconds does not poll every second.
	aheadPerSecond = 40_000
	// The first frontPlaces visitors poll at least every frontPoll, since they are admitted at an
	// unpredictable time, and their passes run from then on.
	frontPlaces = 50
	frontPoll   = 2 * time.Second
)

// pollAfter returns the time from at until a waiting visitor should poll again.
func pollAfter(at time.Time, l *waitingroom.Line, eta time.Duration, number int64) time.Duration {
	longest := min(time.Duration(l.Settings.HeartbeatSeconds)*time.Second, maxPoll)
	if eta == etaUnknown {
		return longest
	}
	after := max(eta/4, time.Duration(number)*time.Second/aheadPerSecond)
	if number == 0 {
		after = max(after, time.Duration(l.Waiting)*time.Second/undrawnPollsPerSecond)
	} else if number <= frontPlaces && !l.Settings.OpensAt.After(at) {
		after = min(after, frontPoll)
	}
	return min(max(after, minPoll), longest).Round(time.Second)
}
