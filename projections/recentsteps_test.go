package projections

import (
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
)

// resumingWatcher is a client that subscribes to a topic of performance "a" repeatedly.
type resumingWatcher struct {
	topic   string
	seen    *seatWatcher
	sub     *live.Subscription
	to      *frameRecorder
	applied int
}

// applyAll applies the frames received since the last call.
func (c *resumingWatcher) applyAll(t *rapid.T, p *Projections) {
	frames := c.to.all(t, p, c.topic)
	for _, f := range frames[c.applied:] {
		c.seen.apply(f)
	}
	c.applied = len(frames)
}

// resume subscribes, and expects one delta with all missed changes.
func (c *resumingWatcher) resume(t *rapid.T, p *Projections, epoch string, model *logtest.BookingModel) {
	c.to, c.applied = newFrameRecorder(), 0
	since := c.seen.position[c.topic]
	sub, err := p.Subscribe(c.topic, live.Resume{Since: since, Epoch: epoch}, c.to)
	if err != nil {
		t.Fatal(err)
	}
	<-c.to.first
	first := c.to.frames[0]
	if since > 0 && (first.Kind != live.DeltaFrame || first.Previous != since) {
		t.Fatalf("resumed since %d with %s, want a delta from there", since, first.Bytes())
	}
	c.sub = sub
	c.applyAll(t, p)
	checkSeatWatcher(t, p, model, c.seen, c.topic)
}

// TestResumingSeatSubscribers: a client that resubscribes to a performance gets the missed changes as one
// delta, even if there was no other subscriber in between, or after a restart.
func TestResumingSeatSubscribers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, fs := logtest.NewMemory(), vfs.NewMem()
		open := func() *Projections {
			p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: fs, FrameEvery: -1,
				Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err != nil {
				t.Fatal(err)
			}
			close(p.ready)
			return p
		}
		p := open()
		defer func() { p.Close() }()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		c.Open("a")
		watchers := []*resumingWatcher{{topic: "performance:a", seen: newSeatWatcher()},
			{topic: "seats:a", seen: newSeatWatcher()}}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			c.RandomAction(t)
			foldEvents(t, p, log.Recorded[p.Position():])
			for _, w := range watchers {
				switch here := w.sub != nil; rapid.IntRange(0, 3).Draw(t, w.topic) {
				case 0:
					if !here {
						w.resume(t, p, log.Epoch(), c)
					}
				case 1:
					if here {
						w.applyAll(t, p)
						w.sub.Close()
						w.sub = nil
					}
				}
			}
			if watchers[0].sub == nil && watchers[1].sub == nil && rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				p.Close()
				p = open()
				foldEvents(t, p, log.Recorded[p.Position():])
			}
		}
		for _, w := range watchers {
			if w.sub == nil {
				w.resume(t, p, log.Epoch(), c)
			}
			w.applyAll(t, p)
			checkSeatWatcher(t, p, c, w.seen, w.topic)
		}
	})
}

// TestRecentStepsAreBounded: a subscription can resume from many pages back in the log, but not without limit,
// and only from a position of its topic.
func TestRecentStepsAreBounded(t *testing.T) {
	log, fs := logtest.NewMemory(), vfs.NewMem()
	c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
	c.Open("a")
	c.Open("a-b")
	created := log.Recorded[len(log.Recorded)-1].Position
	c.Block("a", "A-1-1")
	early := log.Add(logtest.SeatStream("a", "A-1-2"), &events.SeatBlocked{})
	toggle := func(show events.PerformanceID, times int) (head events.Position) {
		for range times {
			log.Add(logtest.SeatStream(show, "A-2-1"), &events.SeatBlocked{})
			head = log.Add(logtest.SeatStream(show, "A-2-1"), &events.SeatUnblocked{})
		}
		return head
	}
	head := toggle("a-b", 2*recentStepsPage)
	late := log.Add(logtest.SeatStream("a", "A-1-3"), &events.SeatBlocked{})
	first := openViews(t, log, fs)
	stop := runViews(t, first)
	waitFor(t, first, late)
	stop()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	p := openViews(t, log, fs)
	runViews(t, p)
	<-p.ready
	expect := func(topic string, since events.Position, want live.FrameKind) {
		t.Helper()
		w := newFrameRecorder()
		sub, err := p.Subscribe(topic, live.Resume{Since: since, Epoch: log.Epoch()}, w)
		if err != nil {
			t.Fatal(err)
		}
		<-w.first
		sub.Close()
		if w.frames[0].Kind != want {
			t.Errorf("%s since %d: %.200s, want kind %v", topic, since, w.frames[0].Bytes(), want)
		}
	}
	for _, topic := range []string{"performance:a", "seats:a"} {
		expect(topic, late, live.DeltaFrame)
		expect(topic, early, live.DeltaFrame)
		expect(topic, 1, live.DeltaFrame) // its creation
		expect(topic, 2, live.SnapshotFrame)
		expect(topic, head, live.SnapshotFrame)
		expect(topic, late+1, live.SnapshotFrame)
	}
	expect("seats:a-b", created, live.DeltaFrame)
	head = toggle("a-b", maxMissed)
	waitFor(t, p, head)
	expect("seats:a-b", created, live.SnapshotFrame) // more than maxMissed changes
	expect("seats:a", early, live.DeltaFrame)
	head = toggle("a-b", 2*minRecentSteps)
	waitFor(t, p, head)
	expect("seats:a", late, live.DeltaFrame) // nothing was missed
	expect("seats:a", early, live.SnapshotFrame)
	if steps := len(viewOf[*boxOffice](p).recentSteps.steps); steps > 3*minRecentSteps {
		t.Errorf("%d steps are listed, want at most %d", steps, 3*minRecentSteps)
	}
}
