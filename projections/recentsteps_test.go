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
	topic string
	seen  *seatWatcher
	sub   *live.Subscription
	to    *frameRecorder
	taken int
}

// applyAll applies the frames received since the last call.
func (c *resumingWatcher) applyAll(t *rapid.T, p *Projections) {
	frames := c.to.all(t, p, c.topic)
	for _, f := range frames[c.taken:] {
		c.seen.apply(f)
	}
	c.taken = len(frames)
}

// resume subscribes, and expects one delta with all missed changes.
func (c *resumingWatcher) resume(t *rapid.T, p *Projections, epoch string, sells *logtest.BookingModel) {
	c.to, c.taken = newFrameRecorder(), 0
	since := c.seen.position[c.topic]
	sub, err := p.Subscribe(c.topic, live.Resume{Since: since, Epoch: epoch}, c.to)
	if err != nil {
		t.Fatal(err)
	}
	<-c.to.first
	first := c.to.frames[0]
	if since > 0 && (first.Kind != live.DeltaFrame || first.Previous != since) {
		t.Fatalf("since %d came %s", since, first.Bytes())
	}
	c.sub = sub
	c.applyAll(t, p)
	checkSeatWatcher(t, p, sells, c.seen, c.topic)
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
		people := []*resumingWatcher{{topic: "performance:a", seen: newSeatWatcher()},
			{topic: "seats:a", seen: newSeatWatcher()}}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			c.RandomAction(t)
			folded(t, p, log.Recorded[p.Position():])
			for _, who := range people {
				switch here := who.sub != nil; rapid.IntRange(0, 3).Draw(t, who.topic) {
				case 0:
					if !here {
						who.resume(t, p, log.Epoch(), c)
					}
				case 1:
					if here {
						who.applyAll(t, p)
						who.sub.Close()
						who.sub = nil
					}
				}
			}
			if people[0].sub == nil && people[1].sub == nil && rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				p.Close()
				p = open()
				folded(t, p, log.Recorded[p.Position():])
			}
		}
		for _, who := range people {
			if who.sub == nil {
				who.resume(t, p, log.Epoch(), c)
			}
			who.applyAll(t, p)
			checkSeatWatcher(t, p, c, who.seen, who.topic)
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
	turn := func(show events.PerformanceID, times int) (head events.Position) {
		for range times {
			log.Add(logtest.SeatStream(show, "A-2-1"), &events.SeatBlocked{})
			head = log.Add(logtest.SeatStream(show, "A-2-1"), &events.SeatUnblocked{})
		}
		return head
	}
	head := turn("a-b", 2*recentStepsPage)
	late := log.Add(logtest.SeatStream("a", "A-1-3"), &events.SeatBlocked{})
	first := opened(t, log, fs)
	stop := started(t, first)
	waitFor(t, first, late)
	stop()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	p := opened(t, log, fs)
	started(t, p)
	<-p.ready
	came := func(topic string, since events.Position, want live.FrameKind) {
		t.Helper()
		w := newFrameRecorder()
		sub, err := p.Subscribe(topic, live.Resume{Since: since, Epoch: log.Epoch()}, w)
		if err != nil {
			t.Fatal(err)
		}
		<-w.first
		sub.Close()
		if w.frames[0].Kind != want {
			t.Errorf("%s since %d: %.200s", topic, since, w.frames[0].Bytes())
		}
	}
	for _, topic := range []string{"performance:a", "seats:a"} {
		came(topic, late, live.DeltaFrame)
		came(topic, early, live.DeltaFrame)
		came(topic, 1, live.DeltaFrame) // its creation
		came(topic, 2, live.SnapshotFrame)
		came(topic, head, live.SnapshotFrame)
		came(topic, late+1, live.SnapshotFrame)
	}
	came("seats:a-b", created, live.DeltaFrame)
	head = turn("a-b", maxMissed)
	waitFor(t, p, head)
	came("seats:a-b", created, live.SnapshotFrame) // more than maxMissed changes
	came("seats:a", early, live.DeltaFrame)
	head = turn("a-b", 2*maxRecentSteps)
	waitFor(t, p, head)
	came("seats:a", late, live.DeltaFrame) // nothing was missed
	came("seats:a", early, live.SnapshotFrame)
	if steps := len(viewOf[*boxOffice](p).recentSteps.steps); steps > 3*maxRecentSteps {
		t.Errorf("%d steps are remembered", steps)
	}
}
