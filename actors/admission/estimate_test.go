package admission

import (
	"testing"
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// lineOf returns a line with these figures.
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
		{"nothing measured and there is room: the rate", 0, 1000, 0, 0, 100},
		{"nothing measured and it is full: what passes guarantee", s, 1000, 600, 50, 10},
		{"still too short", 4 * s, 1000, 600, 200, 10},
		{"measured", 5 * s, 1000, 600, 200, 40},
		{"goes on", 10 * s, 1000, 600, 600, 60},
		{"never above the rate", 15 * s, 1000, 600, 6000, 100},
		{"over the last minute only", 75 * s, 1000, 600, 6000 + 60*24, 24},
		{"never below what passes guarantee", 300 * s, 1000, 600, 7500, 10},
		{"an empty line says nothing", 301 * s, 0, 600, 7500, 10},
		{"and measuring starts over", 310 * s, 50, 20, 7510, 100},
		{"a clock set back: starts over", 5 * s, 50, 600, 7510, 10},
		{"", 10 * s, 50, 600, 7610, 20},
	} {
		l := lineOf(settings, step.waiting, step.active, step.admitted)
		p.add(at(step.at), l)
		if got := p.perSecond(at(step.at), l); got != step.want {
			t.Errorf("%s (at %v): %v a second, want %v", step.about, step.at, got, step.want)
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
		t.Errorf("full and slow: %v, want 2", got)
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
		{"the next", open, 1000, 10, 1, 100 * ms, s},
		{"four seconds", open, 1000, 10, 40, 4 * s, s},
		{"a minute", open, 1000, 10, 600, 60 * s, 15 * s},
		{"next, when one of those inside ends", open, 1000, 1.0 / 120, 1, 120 * s, 2 * s},
		{"the last of the front", open, 1000, 1.0 / 60, 50, 3000 * s, 2 * s},
		{"after the front", open, 1000, 1.0 / 60, 51, 3060 * s, 30 * s},
		{"an hour", open, 100_000, 10, 36_000, 3600 * s, 30 * s},
		{"a crowd that comes in at once does not ask at once", open, 1_000_000, 1_000_000, 400_000, 400 * ms, 10 * s},
		{"heartbeats twice a day", rare, 1_000_000, 0, 1, etaUnknown, time.Hour},
		{"closed", closed, 1000, 10, 1, etaUnknown, 30 * s},
		{"a pause", open, 1000, 0, 1, etaUnknown, 30 * s},
		{"before the opening", ahead, 1000, 10, 40, 104 * s, 26 * s},
		{"not drawn, in a small room", ahead, 1000, 10, 0, 100 * s, 25 * s},
		{"not drawn, in a large one", ahead, 1_000_000, 10, 0, 100 * s, 30 * s},
		{"for ever, without an overflow", never, 5_000_000, 0.00001, 5_000_000, 200 * 365 * 24 * time.Hour, 30 * s},
	} {
		l := lineOf(test.settings, test.waiting, 0, 0)
		got := eta(day, l, test.perSecond, test.number)
		if poll := pollAfter(day, l, got, test.number); got != test.eta || poll != test.poll {
			t.Errorf("%s: in %v, ask after %v; want %v and %v", test.about, got, poll, test.eta, test.poll)
		}
	}
	// Just before a draw many have the same estimate; they should not poll all at once.
	l := lineOf(ahead, 400_000, 0, 0)
	if got := pollAfter(at(99*s), l, eta(at(99*s), l, 10, 0), 0); got != 20*s {
		t.Errorf("400,000 a second before the drawing ask after %v, want 20s", got)
	}
}
