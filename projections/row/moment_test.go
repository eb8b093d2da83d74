package row

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
)

// TestMomentIncludesEarlierDecisions: a time includes an event that was decided by then but stored shortly after. It
// does not include an event stored much later, as in a copy of a log, or a refusal, which is recorded in a batch.
func TestMomentIncludesEarlierDecisions(t *testing.T) {
	for _, test := range []struct {
		about   string
		delay   time.Duration // between the decision and the recording of an event
		refused bool          // the second event is a refusal
		want    events.Position
	}{
		{"stored immediately", 0, false, 2},
		{"stored shortly after", 2 * time.Millisecond, false, 2},
		{"stored much later", time.Hour, false, 0},
		{"refusal stored shortly after", 2 * time.Millisecond, true, 1},
	} {
		f := logtest.NewForgery()
		f.Now = f.Now.AddDate(-10, 0, 0)
		f.Add("product-a", logtest.Created(10, 4))
		f.Wait(time.Millisecond)
		if at := f.Now; test.refused {
			f.Add(events.RefusalsOf(at), &events.RefusalRecorded{Stream: "product-a", Code: "sold_out"})
		} else {
			f.Add("product-a", logtest.Reserved(1, "ada", 2, 8))
		}
		at := f.Now
		f.Wait(time.Nanosecond)
		f.Add("product-b", logtest.Created(1, 0))
		for i := range f.Log {
			f.Log[i].Created = f.Log[i].Created.Add(test.delay)
		}
		s := &logtest.Store{Log: f.Log, MaxRead: 10_000, End: 3}
		if m, err := MomentOf(t.Context(), s, at.Format(time.RFC3339Nano)); err != nil || m.Position != test.want {
			t.Errorf("%s: %+v, %v; want position %d", test.about, m, err, test.want)
		}
	}
}

func TestMomentOf(t *testing.T) {
	f := logtest.NewForgery()
	f.Now = f.Now.AddDate(-10, 0, 0) // in the past
	start := f.Now
	s := &logtest.Store{Log: f.CompleteSale().Log, MaxRead: 10_000, End: 13}
	for i := range s.Log {
		s.Log[i].Created = s.Log[i].Created.Add(3 * time.Millisecond) // stored after the decision
	}
	for _, test := range []struct {
		text string
		want events.Position
	}{
		{"0", 0}, {"1", 1}, {"3", 3}, {"99", 13}, {"18446744073709551615", 13}, {"99999999999999999999999", 13},
		{start.Format(time.RFC3339Nano), 5}, {start.Add(-1).Format(time.RFC3339Nano), 0},
		{start.Add(logtest.HoldFor).Format(time.RFC3339Nano), 8},
		{"9999-01-01T00:00:00Z", 13}, {start.Format("2006-01-02T15:04:05+00:00"), 5},
	} {
		if m, err := MomentOf(t.Context(), s, test.text); err != nil || m.Position != test.want {
			t.Errorf("MomentOf(%s): %+v, %v; want position %d", test.text, m, err, test.want)
		}
	}
	if m, err := MomentOf(t.Context(), s, "0"); err != nil || !m.Time.Before(s.Log[0].Created) {
		t.Errorf("MomentOf(0) = %+v, %v; want a time before the first event", m, err)
	}
	for _, text := range []string{"", "-1", "1.5", "yesterday", "2031-05-01"} {
		if _, err := MomentOf(t.Context(), s, text); !errors.Is(err, ErrBadMoment) {
			t.Errorf("MomentOf(%q): %v, want ErrBadMoment", text, err)
		}
	}
	for upTo, want := range map[events.Position]int64{1: 10, 5: 3, 9: 7, events.EndPosition: 16} {
		if p, err := ProductAt(t.Context(), s, "a", upTo); err != nil || p == nil || p.Remaining() != want {
			t.Errorf("ProductAt(%d): %+v, %v; want %d remaining", upTo, p, err, want)
		}
	}
	if p, err := ProductAt(t.Context(), s, "b", 11); p != nil || err != nil {
		t.Errorf("ProductAt before its creation: %+v, %v; want none", p, err)
	}
}
