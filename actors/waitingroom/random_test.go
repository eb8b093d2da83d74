package waitingroom

import (
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// content is a room's state in comparable form.
type content struct {
	ID       events.RoomID
	Settings events.WaitingRoomSettings
	Counts   [4]int64 // last, waiting, active, admitted
	Begun    bool
	Early    int64
	Seed     string
	Places   []Place
	InLine   []int64
	Holders  map[key]uint32
	Keys     map[uint32]key
	Head     uint32
	Passes   []cohort // those still active
	Next     time.Time
	Recent   []admission
	Term     int64
	Run      string
}

func contentOf(r *Room) content {
	l := r.Line()
	c := content{ID: r.id, Settings: r.settings, Counts: [4]int64{r.last, r.waiting, r.active, r.admitted},
		Begun: r.begun, Early: r.early, Seed: r.seed, Places: placesOf(l), InLine: slices.Collect(l.InLine()),
		Holders: maps.Collect(r.holders.All()), Keys: map[uint32]key{}, Head: r.line.head,
		Next: r.NextDeadline(), Recent: append([]admission(nil), r.recent...), Term: r.term, Run: r.run}
	for ticket := range r.line.openTickets(0, r.last) {
		c.Keys[ticket] = r.keys.get(ticket)
	}
	for _, g := range r.passes.cohorts {
		if g.active > 0 {
			c.Passes = append(c.Passes, *g)
		}
	}
	return c
}

func placesOf(l *Line) (places []Place) {
	for ticket := range l.Tickets {
		places = append(places, l.Look(ticket+1))
	}
	return places
}

// drawCommand draws a command with one of few holders and tickets, so that commands concern the same ones.
func drawCommand(t *rapid.T, m *model) core.Command {
	ticket := func() int64 { return rapid.Int64Range(0, int64(len(m.visitors))+1).Draw(t, "ticket") }
	term := func() int64 { return m.term + rapid.SampledFrom([]int64{0, 0, 0, -1, 1}).Draw(t, "term") }
	switch rapid.IntRange(0, 15).Draw(t, "kind") {
	case 0, 1, 2, 3, 4:
		return join(events.Holder(rune('a' + rapid.IntRange(0, 25).Draw(t, "holder"))))
	case 5:
		return leave(ticket())
	case 6:
		return &Finish{ticket()}
	case 7:
		from := ticket()
		return &Drop{
			Term: term(),
			Tickets: []events.TicketRange{
				{From: from, To: from + rapid.Int64Range(-1, 3).Draw(t, "more")},
				{From: ticket(), To: ticket()},
			},
		}
	case 8:
		return &Shuffle{Seed: rapid.SampledFrom([][]byte{seed, seed, seed, []byte("no")}).Draw(t, "seed")}
	case 9:
		return drawSet(t, m)
	case 10:
		return &TakeOver{Node: "n", Run: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "run"), Term: term()}
	}
	return admit
}

func drawSet(t *rapid.T, m *model) *Set {
	set := fifo(rapid.SampledFrom([]int64{0, 1, 5, 20, 40}).Draw(t, "rate"), rapid.Int64Range(1, 9).Draw(t, "active"))
	set.Settings.ActiveSeconds = rapid.SampledFrom([]int64{1, 3, 60}).Draw(t, "seconds")
	set.Settings.Status = rapid.SampledFrom([]events.RoomStatus{"", "", events.RoomOpen, events.RoomClosed}).Draw(
		t,
		"status",
	)
	set.Settings.Order = rapid.SampledFrom(
		[]events.RoomOrder{"", events.RoomFIFO, events.RoomShuffle, events.RoomShuffle},
	).Draw(t, "order")
	set.Settings.OpensAt = rapid.SampledFrom([]time.Time{{}, day.Add(s), day.Add(10 * s)}).Draw(t, "opens")
	set.Settings.SeedHash = rapid.SampledFrom([]string{"", hashOf(seed), hashOf(seed), hashOf([]byte("other"))}).Draw(
		t,
		"hash",
	)
	next := set.settings(m.settings)
	if checkBounds(&next) != nil { // TestSetRules has invalid settings
		set.Settings.OpensAt, set.Settings.SeedHash = day.Add(s), hashOf(seed)
	}
	return set.ifVersion(m.settings.Version + rapid.SampledFrom([]int64{0, 0, 0, 0, 1}).Draw(t, "version"))
}

// saved is a frozen state, and a line published at the same time.
type saved struct {
	write   func(io.Writer) error
	content content // when it was frozen
	facts   int     // number of facts before it
	line    *Line
}

// TestRandomCommands compares the core with the model, and checks its contract with the shell: Decide is
// deterministic and changes nothing, and copies of the core agree with it.
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{room: New().(*Room), m: &model{}, now: day}
		first := drawSet(t, h.m)
		h.m.set(first.ifVersion(0))
		h.evolve(h.room.Decide(first, h.now))
		var frozen *saved
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			h.now = h.now.Add(rapid.SampledFrom([]time.Duration{0, ns, 60 * ms, 100 * ms, 400 * ms, s, 2 * s}).Draw(t, "wait"))
			if frozen == nil && rapid.IntRange(0, 4).Draw(t, "freeze") == 0 {
				frozen = h.freeze()
			}
			h.expire(t)
			h.decideTwice(t, drawCommand(t, h.m))
			h.checkModel(t)
		}
		h.checkInvariants(t)
		if want, got := contentOf(h.room), contentOf(replay(h.log)); !reflect.DeepEqual(want, got) {
			t.Fatalf("replayed room: got %+v, want %+v", got, want)
		}
		if frozen != nil {
			frozen.checkRestore(t, h.log, contentOf(h.room))
		}
	})
}

// history is a room, its model, and the facts so far.
type history struct {
	room *Room
	m    *model
	now  time.Time
	log  []events.Fact
}

func (h *history) evolve(facts []events.Fact, err error) {
	if err != nil {
		panic(err)
	}
	for _, fact := range facts {
		h.room.Evolve(fact)
		h.log = append(h.log, fact)
	}
}

func (h *history) freeze() *saved {
	write := h.room.Freeze()
	line := h.room.Line()
	return &saved{write, contentOf(h.room), len(h.log), line}
}

// expire handles due deadlines, as the shell does before every command.
func (h *history) expire(t *rapid.T) {
	for next := h.room.NextDeadline(); !next.IsZero() && next.Before(h.now); next = h.room.NextDeadline() {
		facts, err := h.room.Decide(expire, h.now)
		if err != nil || len(facts) == 0 {
			t.Fatalf("Expire at %v with a deadline at %v: got %s, want facts", h.now.Sub(day), next.Sub(day), describe(facts, err))
		}
		h.evolve(facts, nil)
	}
	h.m.advance(h.now)
}

// decideTwice checks that deciding changes nothing, is deterministic, and refuses what the model refuses.
// Then it applies the facts.
func (h *history) decideTwice(t *rapid.T, cmd core.Command) {
	before := contentOf(h.room)
	facts, err := h.room.Decide(cmd, h.now)
	if after := contentOf(h.room); !reflect.DeepEqual(before, after) {
		t.Fatalf("Decide(%T): got state %+v, want %+v unchanged", cmd, after, before)
	}
	again, errAgain := h.room.Decide(cmd, h.now)
	if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
		t.Fatalf("Decide(%T) twice: got %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
	}
	code := ""
	if err != nil {
		code = string(err.(*core.Refusal).Code)
	}
	if want := h.m.decide(cmd, h.now); code != want {
		t.Fatalf("%T %+v at %v: got code %q, want %q", cmd, cmd, h.now.Sub(day), code, want)
	}
	h.evolve(facts, nil)
}

// checkModel compares the state with the model.
func (h *history) checkModel(t *rapid.T) {
	c := contentOf(h.room)
	if c.Term != h.m.term || c.Run != h.m.run || c.Settings != h.m.settings || c.Begun != h.m.begun ||
		(c.Seed != "") != h.m.shuffled ||
		int(c.Early) != h.m.early {
		t.Fatalf("got room %+v, want %+v", c, h.m)
	}
	if want := h.m.places(); !slices.Equal(c.Places, want) {
		t.Fatalf("after %s: got places\n%v, want\n%v", describe(h.log, nil), c.Places, want)
	}
	if want := h.m.inLine(); !slices.Equal(c.InLine, want) {
		t.Fatalf("got waiting tickets %v, want %v", c.InLine, want)
	}
	waiting, active := h.m.count(events.VisitorWaiting), h.m.count(events.VisitorAdmitted)
	if c.Counts[1] != waiting || c.Counts[2] != active || len(c.Holders) != int(waiting+active) ||
		len(c.Keys) != len(c.Holders) {
		t.Fatalf("got counts %v, %d holders, %d keys; want %d waiting, %d active, and a holder and a key for each", c.Counts,
			len(c.Holders), len(c.Keys), waiting, active)
	}
	for i, v := range h.m.visitors {
		ticket, place, ok := h.room.Find(v.holder)
		lives := v.status == events.VisitorWaiting || v.status == events.VisitorAdmitted
		if lives && (!ok || ticket != int64(i+1) || place != c.Places[i]) {
			t.Fatalf("Find(%s): got ticket %d (%t), %+v; want %d, %+v", v.holder, ticket, ok, place, i+1, c.Places[i])
		}
	}
}

// checkInvariants checks max_active and the rate at every prefix of the log.
func (h *history) checkInvariants(t *rapid.T) {
	active, maxActive := int64(0), int64(0)
	perSecond := int64(0)
	var admissions []*events.WaitingRoomAdmitted
	for _, fact := range h.log {
		switch f := fact.(type) {
		case *events.WaitingRoomOpened:
			maxActive, perSecond = f.MaxActive, f.AdmitPerSecond
		case *events.WaitingRoomChanged:
			maxActive, perSecond = f.MaxActive, f.AdmitPerSecond
		case *events.WaitingRoomExpired:
			active -= f.Count
		case *events.WaitingRoomFinished:
			active--
		case *events.WaitingRoomLeft:
			if f.Was == events.VisitorAdmitted {
				active--
			}
		case *events.WaitingRoomAdmitted:
			if active += f.Count; active > maxActive {
				t.Fatalf("got %d active passes, want at most %d", active, maxActive)
			}
			admissions = append(admissions, f)
			inSecond := int64(0)
			for _, a := range admissions {
				if f.AdmittedAt.Sub(a.AdmittedAt) < time.Second {
					inSecond += a.Count
				}
			}
			if inSecond > perSecond {
				t.Fatalf("got %d admitted in the second up to %v, want at most %d", inSecond, f.AdmittedAt, perSecond)
			}
		}
	}
}

func replay(log []events.Fact) *Room {
	r := New().(*Room)
	for _, fact := range log {
		r.Evolve(fact)
	}
	return r
}

// checkRestore writes a frozen state after later changes, restores it, and applies the facts since. It
// also checks that the line published with it is unchanged.
func (f *saved) checkRestore(t *rapid.T, log []events.Fact, end content) {
	if got := placesOf(f.line); !slices.Equal(got, f.content.Places) ||
		!slices.Equal(slices.Collect(f.line.InLine()), f.content.InLine) {
		t.Fatalf("published line after later changes: got %v, want %v", got, f.content.Places)
	}
	r := coretest.RoundTrip(t, f.write, New).(*Room)
	if got := contentOf(r); !reflect.DeepEqual(got, f.content) {
		t.Fatalf("restored room: got %+v, want %+v", got, f.content)
	}
	for _, fact := range log[f.facts:] {
		r.Evolve(fact)
	}
	if got := contentOf(r); !reflect.DeepEqual(got, end) {
		t.Fatalf("restored room after the later facts: got %+v, want %+v", got, end)
	}
}

// TestLongLines compares rooms of thousands of visitors with the model, so that lines have many blocks,
// begin and end in the middle of a block, and have blocks without visitors. The random seed is fixed.
func TestLongLines(t *testing.T) {
	for _, set := range []*Set{fifo(10_000, 3_000), shuffled(10_000, 3_000)} {
		set.Settings.ActiveSeconds = 10
		rng := rand.New(rand.NewPCG(7, 11))
		h := &history{room: New().(*Room), m: &model{}, now: day}
		h.m.set(set.ifVersion(0))
		h.evolve(h.room.Decide(set, h.now))
		must := func(cmd core.Command) {
			facts, err := h.room.Decide(cmd, h.now)
			if want := h.m.decide(cmd, h.now); err != nil || want != "" {
				t.Fatalf("%T: got %v, want code %q and no refusal by the model", cmd, err, want)
			}
			h.evolve(facts, nil)
		}
		for round := range 8 {
			for range 500 {
				must(&Join{Holder: events.Holder(rune('A' + rng.IntN(1<<16)))})
			}
			for range 200 {
				must(leave(1 + rng.Int64N(int64(len(h.m.visitors)))))
			}
			from := 1 + rng.Int64N(int64(len(h.m.visitors)))
			to := min(from+rng.Int64N(1500), int64(len(h.m.visitors)))
			must(&Drop{Tickets: []events.TicketRange{{From: from, To: to}}})
			h.now = h.now.Add(time.Duration(rng.IntN(12)) * s)
			for next := h.room.NextDeadline(); !next.IsZero() && next.Before(h.now); next = h.room.NextDeadline() {
				h.evolve(h.room.Decide(expire, h.now))
			}
			h.m.advance(h.now)
			must(shuffle)
			must(admit)
			for ranges := MaxRanges; ranges >= MaxRanges; { // the runner admits again after a full fact
				facts, err := h.room.Decide(admit, h.now)
				if ranges = 0; len(facts) > 0 {
					ranges = len(facts[0].(*events.WaitingRoomAdmitted).Tickets)
				}
				if ranges > MaxRanges {
					t.Fatalf("got a fact with %d ranges, want at most %d", ranges, MaxRanges)
				}
				h.evolve(facts, err)
			}
			if got, want := placesOf(h.room.Line()), h.m.places(); !slices.EqualFunc(got, want, samePlace) {
				t.Fatalf("round %d: got places that differ from those of the model: %v, want %v", round, got, want)
			}
			if got := slices.Collect(h.room.Line().InLine()); !slices.Equal(got, h.m.inLine()) {
				t.Fatalf("round %d: got waiting tickets %v, want %v", round, got, h.m.inLine())
			}
			end := contentOf(h.room)
			(&saved{write: h.freeze().write, content: end, facts: len(h.log), line: h.room.Line()}).check(t)
		}
		if h.room.line.first == 0 {
			t.Error("got no freed block, want some: this test must cover freed blocks")
		}
	}
}

// samePlace compares places. A visitor who has left is expired in the room once the whole block has ended.
func samePlace(a, b Place) bool {
	if b.Status == events.VisitorLeft && a.Status == events.VisitorExpired {
		a.Status = b.Status
	}
	return a == b
}

// check checks that a room restored from the frozen state has its content.
func (f *saved) check(t *testing.T) {
	t.Helper()
	if got := contentOf(coretest.RoundTrip(t, f.write, New).(*Room)); !reflect.DeepEqual(got, f.content) {
		t.Fatalf("restored room: got %+v, want %+v", got, f.content)
	}
}
