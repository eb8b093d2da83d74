package admission

import (
	"testing"
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// lineOf returns a line with these settings and counts.
func lineOf(settings events.WaitingRoomSettings, waiting, active, admitted int64) *waitingroom.Line {
	return &waitingroom.Line{Settings: settings, Waiting: waiting, Active: active, Admitted: admitted}
}

func TestPace(t *testing.T) {
	settings := events.WaitingRoomSettings{AdmitPerSecond: 100, MaxActive: 600, ActiveSeconds: 60, HeartbeatSeconds: 30}
	var p pace
	for _, step := range []struct {
		about                     string
		at                        time.Duration
		waiting, active, admitted int64
		want                      float64
	}{
		{"no sample, passes available: the configured rate", 0, 1000, 0, 0, 100},
		{"no sample, all passes in use: the rate at which they expire", s, 1000, 600, 50, 10},
		{"samples over 4 s: not enough", 4 * s, 1000, 600, 200, 10},
		{"samples over 5 s", 5 * s, 1000, 600, 200, 40},
		{"samples over 10 s", 10 * s, 1000, 600, 600, 60},
		{"at most the configured rate", 15 * s, 1000, 600, 6000, 100},
		{"over the last minute only", 75 * s, 1000, 600, 6000 + 60*24, 24},
		{"at least the rate at which passes expire", 300 * s, 1000, 600, 7500, 10},
		{"an empty line discards the samples", 301 * s, 0, 600, 7500, 10},
		{"after an empty line", 310 * s, 50, 20, 7510, 100},
		{"a clock set back discards the samples", 5 * s, 50, 600, 7510, 10},
		{"after a clock was set back", 10 * s, 50, 600, 7610, 20},
	} {
		l := lineOf(settings, step.waiting, step.active, step.admitted)
		p.add(at(step.at), l)
		if got := p.perSecond(at(step.at), l); got != step.want {
			t.Errorf("%s (at %v): perSecond = %v, want %v", step.about, step.at, got, step.want)
		}
		if len(p.samples) > 62 {
			t.Errorf("%d samples, want at most 62", len(p.samples))
		}
	}
	for n := range 1000 {
		p.add(at(time.Duration(n)*100*ms), lineOf(settings, 1, 0, int64(n)))
	}
	if len(p.samples) > 62 {
		t.Errorf("%d samples are retained, want at most 62", len(p.samples))
	}
	slow := settings
	slow.AdmitPerSecond = 2
	if got := (&pace{}).perSecond(day, lineOf(slow, 1, 600, 0)); got != 2 {
		t.Errorf("perSecond = %v with a configured rate of 2, want 2", got)
	}
}

func TestEstimates(t *testing.T) {
	open := events.WaitingRoomSettings{
		AdmitPerSecond:   10,
		MaxActive:        3,
		ActiveSeconds:    60,
		HeartbeatSeconds: 30,
		Status:           events.RoomOpen,
	}
	closed, ahead, never, rare := open, open, open, open
	rare.HeartbeatSeconds = waitingroom.MaxHeartbeatSeconds
	closed.Status = events.RoomClosed
	ahead.OpensAt = at(100 * s)
	never.OpensAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		about     string
		settings  events.WaitingRoomSettings
		waiting   int64
		perSecond float64
		number    int64
		eta, poll time.Duration
	}{
		{"the next visitor", open, 1000, 10, 1, 100 * ms, s},
		{"admitted in four seconds", open, 1000, 10, 40, 4 * s, s},
		{"admitted in a minute", open, 1000, 10, 600, 60 * s, 15 * s},
		{"the next visitor, at a slow rate", open, 1000, 1.0 / 120, 1, 120 * s, 2 * s},
		{"the last of the front places", open, 1000, 1.0 / 60, 50, 3000 * s, 2 * s},
		{"the first after the front places", open, 1000, 1.0 / 60, 51, 3060 * s, 30 * s},
		{"admitted in an hour", open, 100_000, 10, 36_000, 3600 * s, 30 * s},
		{"a crowd that is admitted within a second", open, 1_000_000, 1_000_000, 400_000, 400 * ms, 10 * s},
		{"the longest heartbeat interval", rare, 1_000_000, 0, 1, etaUnknown, time.Hour},
		{"a closed room", closed, 1000, 10, 1, etaUnknown, 30 * s},
		{"a paused room", open, 1000, 0, 1, etaUnknown, 30 * s},
		{"before the opening", ahead, 1000, 10, 40, 104 * s, 26 * s},
		{"not drawn, in a small room", ahead, 1000, 10, 0, 100 * s, 25 * s},
		{"not drawn, in a large room", ahead, 1_000_000, 10, 0, 100 * s, 30 * s},
		{"the longest estimate", never, 5_000_000, 0.00001, 5_000_000, 200 * 365 * 24 * time.Hour, 30 * s},
	} {
		l := lineOf(test.settings, test.waiting, 0, 0)
		got := eta(day, l, test.perSecond, test.number)
		if poll := pollAfter(day, l, got, test.number); got != test.eta || poll != test.poll {
			t.Errorf("%s: eta = %v, pollAfter = %v; want %v, %v", test.about, got, poll, test.eta, test.poll)
		}
	}
	// Just before a draw many visitors have the same estimate, and must not all poll at the same time.
	l := lineOf(ahead, 400_000, 0, 0)
	if got := pollAfter(at(99*s), l, eta(at(99*s), l, 10, 0), 0); got != 20*s {
		t.Errorf("pollAfter = %v for 400,000 visitors a second before the draw, want 20s", got)
	}
}
