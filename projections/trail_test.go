package projections

import (
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// comeback is somebody who watches a topic of performance "a" from time to time.
type comeback struct {
	topic string
	seen  *audience
	sub   *Subscription
	to    *collector
	taken int
}

// takeAll folds what came since.
func (c *comeback) takeAll(t *rapid.T, p *Projections) {
	frames := c.to.all(t, p, c.topic)
	for _, f := range frames[c.taken:] {
		c.seen.take(f)
	}
	c.taken = len(frames)
}

// comeBack subscribes, and wants one delta for all that was missed.
func (c *comeback) comeBack(t *rapid.T, p *Projections, epoch string, sells *clerk) {
	c.to, c.taken = newCollector(), 0
	since := c.seen.position[c.topic]
	sub, err := p.Subscribe(c.topic, Resume{Since: since, Epoch: epoch}, c.to)
	if err != nil {
		t.Fatal(err)
	}
	<-c.to.first
	first := c.to.frames[0]
	if since > 0 && (first.Kind != DeltaFrame || first.Previous != since) {
		t.Fatalf("since %d came %s", since, first.Bytes())
	}
	c.sub = sub
	c.takeAll(t, p)
	checkAudience(t, p, sells, c.seen, c.topic)
}

// TestWhoComesBackToSeats: whoever comes back to a performance gets what was missed as
// one delta, also if nobody watched meanwhile or the program was started anew.
func TestWhoComesBackToSeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, fs := newMemoryLog(), vfs.NewMem()
		open := func() *Projections {
			p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: fs, FrameEvery: -1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err != nil {
				t.Fatal(err)
			}
			close(p.ready)
			return p
		}
		p := open()
		defer func() { p.Close() }()
		c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
		c.open("a")
		people := []*comeback{{topic: "performance:a", seen: newAudience()}, {topic: "seats:a", seen: newAudience()}}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			c.something(t)
			folded(t, p, log.recorded[p.Position():])
			for _, who := range people {
				switch here := who.sub != nil; rapid.IntRange(0, 3).Draw(t, who.topic) {
				case 0:
					if !here {
						who.comeBack(t, p, log.Epoch(), c)
					}
				case 1:
					if here {
						who.takeAll(t, p)
						who.sub.Close()
						who.sub = nil
					}
				}
			}
			if people[0].sub == nil && people[1].sub == nil && rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				p.Close()
				p = open()
				folded(t, p, log.recorded[p.Position():])
			}
		}
		for _, who := range people {
			if who.sub == nil {
				who.comeBack(t, p, log.Epoch(), c)
			}
			who.takeAll(t, p)
			checkAudience(t, p, c, who.seen, who.topic)
		}
	})
}

// TestHowFarBackATrailGoes: over many pages of the log, but not for ever, and not to
// what is no position of the topic.
func TestHowFarBackATrailGoes(t *testing.T) {
	log, fs := newMemoryLog(), vfs.NewMem()
	c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
	c.open("a")
	c.open("a-b")
	c.block("a", "A-1-1")
	early := log.add(chair("a", "A-1-2"), &events.SeatBlocked{})
	turn := func(show string, times int) (head events.Position) {
		for range times {
			log.add(chair(show, "A-2-1"), &events.SeatBlocked{})
			head = log.add(chair(show, "A-2-1"), &events.SeatUnblocked{})
		}
		return head
	}
	head := turn("a-b", 2*trailPage)
	late := log.add(chair("a", "A-1-3"), &events.SeatBlocked{})
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
	came := func(topic string, since events.Position, want FrameKind) {
		t.Helper()
		w := newCollector()
		sub, err := p.Subscribe(topic, Resume{Since: since, Epoch: log.Epoch()}, w)
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
		came(topic, late, DeltaFrame)
		came(topic, early, DeltaFrame)
		came(topic, 1, DeltaFrame) // its creation
		came(topic, 2, SnapshotFrame)
		came(topic, head, SnapshotFrame)
		came(topic, late+1, SnapshotFrame)
	}
	came("seats:a-b", 2, DeltaFrame)
	head = turn("a-b", mostMissed)
	waitFor(t, p, head)
	came("seats:a-b", 2, SnapshotFrame) // too much to tell
	came("seats:a", early, DeltaFrame)
	head = turn("a-b", 2*trailSize)
	waitFor(t, p, head)
	came("seats:a", late, DeltaFrame) // nothing was missed
	came("seats:a", early, SnapshotFrame)
	if steps := len(kindOf[*boxOffice](p).trail.steps); steps > 3*trailSize {
		t.Errorf("%d steps are remembered", steps)
	}
}

// TestWhySeatsBecomeFree: a hold that has run out is told as that, whichever way it
// ends: by the seat's own deadline, or given back because the booking's has passed.
func TestWhySeatsBecomeFree(t *testing.T) {
	for want, facts := range map[Cause][]events.Fact{
		CauseExpired: {&events.SeatExpired{}, &events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedExpired}},
		CauseReleased: {&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsBooked, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedIncomplete}},
	} {
		for _, fact := range facts {
			if step, ok := stepOf(fact); !ok || step.cause != want || step.to != markFree {
				t.Errorf("%+v is told as %+v, %t; want %s", fact, step, ok, want)
			}
		}
	}
}
