package admission

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	s  = time.Second
	ms = time.Millisecond
)

// at returns the time d after day.
func at(d time.Duration) time.Time { return day.Add(d) }

func TestRecordPoll(t *testing.T) {
	table := newLastSeen(day)
	for _, step := range []struct {
		at, interval, missing time.Duration
	}{
		{0, 10 * s, 0}, // the first is never too soon
		{0, 10 * s, 10 * s},
		{2 * s, 10 * s, 8 * s},
		{4999 * ms, 1 * s, 5001 * ms}, // the interval of the last accepted poll counts
		{5 * s, 8 * s, 0},             // the interval of a poll that was too soon does not
		{8 * s, 1 * s, 5 * s},
		{9 * s, 1 * s, 0},
		{9500 * ms, 3600 * s, 0},
		{1800 * s, 1 * s, 1809500 * ms},
		{1809500 * ms, 0, 0},
		{1809500 * ms, 4 * s, 0},
		{1808500 * ms, 4 * s, 5 * s}, // a clock set back
	} {
		missing, dropping := table.recordPoll(7, at(step.at), step.interval)
		if missing != step.missing || dropping {
			t.Errorf("recordPoll at %v, interval %v = %v, %t; want %v, false", step.at, step.interval, missing, dropping, step.missing)
		}
	}
}

func TestSilenceIsFoundOnce(t *testing.T) {
	table := newLastSeen(day)
	table.record(1, at(0), s)
	for _, step := range []struct {
		about            string
		ticket           int64
		limit            time.Duration
		silent, dropping bool
	}{
		{"seen at the limit", 1, 0, false, false},
		{"seen before the limit", 1, 50 * ms, true, true},
		{"already being dropped", 1, 50 * ms, false, false},
		{"never seen, so recorded as seen now", 2, s, false, false},
		{"seen at the limit since then", 2, 10 * s, false, false},
		{"seen before the limit since then", 2, 10*s + 50*ms, true, true},
	} {
		silent := table.isSilent(step.ticket, at(10*s), at(step.limit))
		dropping := table.markDropping(step.ticket, at(step.limit))
		if silent != step.silent || dropping != step.dropping {
			t.Errorf("%s: silent %t, dropping %t, want %t, %t", step.about, silent, dropping, step.silent, step.dropping)
		}
	}
	if _, dropping := table.recordPoll(1, at(11*s), s); !dropping {
		t.Error("recordPoll: dropping = false for a place that is being dropped, want true")
	}
	table.record(1, at(12*s), 4*s)
	if missing, dropping := table.recordPoll(1, at(13*s), s); dropping || missing != 3*s {
		t.Errorf("after the failed drop: missing %v, dropping %t; want 3s, false", missing, dropping)
	}
}

// TestRecordJoin checks that a visitor may poll immediately after joining, and that joining does not
// revive a place that is being dropped or has ended.
func TestRecordJoin(t *testing.T) {
	table := newLastSeen(day)
	for i := range 2 {
		table.recordJoin(1, at(time.Duration(i)*s))
		for poll, missing := range []time.Duration{0, 9 * s} {
			if got, dropping := table.recordPoll(1, at(time.Duration(i)*s), 9*s); got != missing || dropping {
				t.Errorf("poll %d after join %d: recordPoll = %v, %t; want %v, false", poll+1, i+1, got, dropping, missing)
			}
		}
	}
	if !table.markDropping(1, at(10*s)) {
		t.Fatal("markDropping = false for a silent visitor, want true")
	}
	table.markEnded(2)
	for ticket := range int64(2) {
		table.recordJoin(ticket+1, at(20*s))
		if _, dropping := table.recordPoll(ticket+1, at(20*s), s); !dropping {
			t.Errorf("a join revived the ended ticket %d", ticket+1)
		}
	}
}

// TestForget checks that the chunks without wanted tickets are freed, and no others.
func TestForget(t *testing.T) {
	table := newLastSeen(day)
	last := int64(5*seenChunk + 17)
	for ticket := int64(1); ticket <= last; ticket++ {
		table.record(ticket, at(s), 2*s)
	}
	table.forget(last, func(chunk int) bool { return chunk == 1 || chunk == 4 })
	for chunk, kept := range []bool{false, true, false, false, true, true} {
		for _, ticket := range []int64{int64(chunk)*seenChunk + 1, int64(chunk)*seenChunk + 17} {
			if cell := table.cell(ticket); (cell != nil) != kept {
				t.Errorf("ticket %d: kept %t, want %t", ticket, cell != nil, kept)
			}
		}
	}
	table.record(3*seenChunk, at(2*s), s) // creates a freed chunk again
	if table.cell(3*seenChunk) == nil || table.cell(last+seenChunk) != nil {
		t.Error("the freed chunk was not created again, or the table has a chunk after the last ticket")
	}
}

// TestStampsAreDecoded checks that stamps are decoded to their values, even after thirty years.
func TestStampsAreDecoded(t *testing.T) {
	table := newLastSeen(day)
	for _, d := range []time.Duration{0, ms, time.Hour, 30 * 365 * 24 * time.Hour} {
		for _, interval := range []time.Duration{0, s, 4 * time.Hour} {
			stamp := table.stamp(at(d), interval)
			if seen, got := table.read(stamp); !seen.Equal(at(d)) || got != interval || stamp < seenFirst {
				t.Errorf("stamp %d is decoded as %v, %v; want %v, %v", stamp, seen.Sub(day), got, d, interval)
			}
		}
	}
	if seen, _ := table.read(table.stamp(at(-time.Hour), s)); !seen.Equal(day) {
		t.Errorf("a time before the table is decoded as %v, want %v", seen, day)
	}
}

// TestPollOrDrop checks that of a concurrent poll and drop exactly one succeeds.
func TestPollOrDrop(t *testing.T) {
	for range 200 {
		table := newLastSeen(day)
		const tickets = 100
		for ticket := int64(1); ticket <= tickets; ticket++ {
			table.record(ticket, day, s)
		}
		var kept, dropped atomic.Int64
		var all sync.WaitGroup
		all.Go(func() {
			for ticket := int64(1); ticket <= tickets; ticket++ {
				if _, dropping := table.recordPoll(ticket, at(30*s), s); !dropping {
					kept.Add(1)
				}
			}
		})
		all.Go(func() {
			for ticket := int64(tickets); ticket > 0; ticket-- {
				if table.markDropping(ticket, at(10*s)) {
					dropped.Add(1)
				}
			}
		})
		all.Wait()
		if kept.Load()+dropped.Load() != tickets {
			t.Fatalf("%d polls and %d drops succeeded, want %d in total", kept.Load(), dropped.Load(), tickets)
		}
	}
}

// TestTableGrowsDuringReads checks that no heartbeat is lost while the directory is copied. It is also
// for the race detector.
func TestTableGrowsDuringReads(t *testing.T) {
	table := newLastSeen(day)
	var all sync.WaitGroup
	for part := range int64(4) {
		all.Go(func() {
			for n := range int64(20) {
				ticket := 1 + (n*4+part)*seenChunk/2
				table.record(ticket, at(s), 2*s)
				table.forget(ticket, func(int) bool { return true })
				if missing, _ := table.recordPoll(ticket, at(s), s); missing != 2*s {
					t.Errorf("ticket %d: the remaining interval is %v, want %v", ticket, missing, 2*s)
				}
			}
		})
	}
	all.Wait()
}
