package admission

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/events"
)

var crowdSeed = flag.Uint64("crowd-seed", 0, "the seed of TestCrowd; 0 for a random one")

// habit is the behaviour of a visitor.
type habit int

const (
	patient habit = iota // polls when due, and stays
	leaver               // leaves at some time, waiting or admitted
	sleeper              // stops polling at some time
	buyer                // finishes soon after being admitted
)

// person is one visitor of the crowd.
type person struct {
	holder        events.Holder
	habit         habit
	until         time.Duration // when a leaver leaves or a sleeper stops polling
	visit         Visit
	next          time.Duration // when to poll again
	lastHeartbeat time.Time     // of the last poll that was not too soon
	done          bool
	outcome       events.VisitorStatus // by the answers to the person; "" while waiting or active
}

// crowd is many visitors of one room.
type crowd struct {
	*node
	t      *testing.T
	dir    string
	people []*person
	rng    *rand.Rand
	doing  sync.WaitGroup
	start  time.Time // when the node started, and with it all timeouts
}

// TestCrowd lets a hundred thousand visitors join at the same time. Some leave, some stop polling, some
// complete a purchase, and the server is restarted. The test checks that visitors are admitted in
// order, that the rate and max_active are never exceeded, that exactly those who stop polling are
// dropped, and that the log agrees with the answers.
func TestCrowd(t *testing.T) {
	seed := *crowdSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./actors/admission -run TestCrowd -crowd-seed %d", seed)
	people, settings := 100_000, events.WaitingRoomSettings{
		AdmitPerSecond:   4_000,
		MaxActive:        30_000,
		ActiveSeconds:    12,
		HeartbeatSeconds: 6,
	}
	if raceDetector {
		people, settings.AdmitPerSecond, settings.MaxActive = 10_000, 400, 3_000
	}
	requireNoLeaks(t)
	c := &crowd{t: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 1))}
	c.startNode(&clock{})
	t.Cleanup(func() { c.halt() })
	c.set(settings)
	c.createPeople(people)
	c.joinConcurrently()
	half := false
	for c.remaining() > 0 {
		if !half && c.admitted() > int64(people/3) {
			half = true
			c.reboot()
		}
		c.advanceSecond()
		if c.clock.now().After(at(5 * time.Minute)) {
			t.Fatalf("after five minutes %d people remain, want none", c.remaining())
		}
	}
	log := readLog(t, c.store)
	if !half {
		t.Error("all visitors were done before the restart, want some left")
	}
	c.audit(log)
}

// startNode starts the node on the log in dir.
func (c *crowd) startNode(clock *clock) {
	store := openLog(c.t, c.dir)
	c.node = start(c.t, store, clock, func(desk *actors.Config, rooms *Config) {
		desk.Snapshots = store
		desk.MaxInFlight, desk.MaxPerEntity, rooms.MaxJoins = 200_000, 200_000, 200_000
		desk.AppendTimeout = time.Minute // alongside other tests an append of ten thousand joins may take seconds
	})
	c.start = clock.now()
}

func (c *crowd) halt() {
	c.stop()
	if err := c.store.Close(); err != nil {
		c.t.Error(err)
	}
}

// reboot stops the node and starts it again 700 ms later.
func (c *crowd) reboot() {
	c.step()
	before := c.line()
	c.halt()
	c.clock.move(700 * ms)
	c.startNode(c.clock)
	if err := c.rooms.Resume(ctx, "sale"); err != nil {
		c.t.Fatal(err)
	}
	after := c.line()
	if before.Waiting != after.Waiting || before.Admitted != after.Admitted ||
		!slices.Equal(slices.Collect(before.InLine()), slices.Collect(after.InLine())) {
		c.t.Fatalf("after the restart %d wait and %d were admitted, want the line as before with %d and %d",
			after.Waiting, after.Admitted, before.Waiting, before.Admitted)
	}
}

func (c *crowd) line() *Published {
	line, err := c.rooms.Line(ctx, "sale")
	if err != nil {
		c.t.Fatal(err)
	}
	return line
}

func (c *crowd) admitted() int64 { return c.line().Admitted }

func (c *crowd) createPeople(people int) {
	for i := range people {
		p := &person{holder: events.Holder("holder-" + strconv.Itoa(i)), until: time.Duration(c.rng.Int64N(int64(60 * s)))}
		switch draw := c.rng.IntN(100); {
		case draw < 8:
			p.habit = leaver
		case draw < 20:
			p.habit = sleeper
		case draw < 60:
			p.habit = buyer
		}
		c.people = append(c.people, p)
	}
}

func (c *crowd) joinConcurrently() {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for _, p := range c.people {
		all.Go(func() {
			<-begin
			var err error
			if p.visit, _, _, err = c.rooms.Join(ctx, "sale", p.holder, by(string(p.holder))); err != nil {
				c.t.Errorf("joining as %s: %v", p.holder, err)
			}
		})
	}
	close(begin)
	all.Wait()
	slices.SortFunc(c.people, func(a, b *person) int { return int(a.visit.Ticket - b.visit.Ticket) })
	for i, p := range c.people {
		if p.visit.Ticket != int64(i+1) || p.visit.Number != int64(i+1) {
			c.t.Fatalf("%s: %+v, want ticket and number %d", p.holder, p.visit, i+1)
		}
		p.lastHeartbeat = c.clock.now()
		p.next = p.visit.PollAfter + time.Duration(c.rng.Int64N(int64(s))) // spread over a second
	}
	c.step()
}

func (c *crowd) remaining() (n int) {
	for _, p := range c.people {
		if !p.done {
			n++
		}
	}
	return n
}

// advanceSecond advances the clock by a second, with a round every 100 ms, and lets every visitor act.
func (c *crowd) advanceSecond() {
	for range 10 {
		c.clock.move(100 * ms)
		c.step()
	}
	defer c.doing.Wait()
	now := time.Duration(c.clock.nanos.Load())
	for _, p := range c.people {
		switch {
		case p.done:
		case p.habit == sleeper && now >= p.until:
			c.checkSilent(p)
		case p.habit == leaver && now >= p.until:
			p.done = true
			c.doing.Go(func() { c.leave(p) })
		case now >= p.next:
			c.pollAs(p, now)
		}
	}
}

// checkSilent ends a visitor who has stopped polling once the line shows that the place is lost.
func (c *crowd) checkSilent(p *person) {
	if status := c.line().Look(p.visit.Ticket).Status; status == events.VisitorExpired {
		p.done, p.outcome = true, status
	}
}

func (c *crowd) leave(p *person) {
	visit, answer, err := c.rooms.Leave(ctx, "sale", p.visit.Visitor, by(string(p.holder)))
	if err != nil {
		c.t.Error(err)
	}
	p.outcome = visit.Status
	if len(answer.Facts) == 0 && visit.Status != events.VisitorExpired {
		c.t.Errorf("leaving as %s: no fact, want one unless the pass has expired", p.holder)
	}
}

// pollAs polls as a visitor, and checks that the answer is consistent with the previous one.
func (c *crowd) pollAs(p *person, now time.Duration) {
	was := p.visit
	p.visit = c.poll(was.Visitor)
	switch p.visit.Status {
	case events.VisitorWaiting:
		if p.visit.TooSoon {
			c.t.Errorf("%s polled when due: %+v, want TooSoon false", p.holder, p.visit)
		}
		if was.Status != events.VisitorWaiting || p.visit.Number > was.Number || p.visit.Number < 1 {
			c.t.Errorf("%s got %+v, then %+v; want the same or a smaller number", p.holder, was, p.visit)
		}
		p.lastHeartbeat, p.next = c.clock.now(), now+p.visit.PollAfter
	case events.VisitorAdmitted:
		if _, err := c.rooms.Check("sale", p.holder, p.visit.Pass, time.Time{}); err != nil {
			c.t.Errorf("checking the pass of %s: %v", p.holder, err)
		}
		p.next = now + 5*s
		if p.habit == buyer {
			p.done, p.outcome = true, events.VisitorAdmitted
			c.doing.Go(func() {
				if err := c.finish(p.visit.Ticket); err != nil {
					c.t.Error(err)
				}
			})
		}
	case events.VisitorExpired:
		if was.Status != events.VisitorAdmitted {
			c.t.Errorf("%s polled when due and lost the place: %+v, then %+v; want expired only after %v",
				p.holder, was, p.visit, events.VisitorAdmitted)
		}
		p.done, p.outcome = true, events.VisitorExpired
	default:
		c.t.Errorf("%s polled and got %+v, want waiting, admitted or expired", p.holder, p.visit)
	}
}
