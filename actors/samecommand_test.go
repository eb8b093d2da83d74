package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/wallet"
	"admitone/events"
)

// sameRounds is the number of rounds of TestTheSameCommandOnce; ADMITONE_SAME sets it.
func sameRounds(t *testing.T) int {
	if given := os.Getenv("ADMITONE_SAME"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 400
}

// sameCase is a command, the commands before it, and a rival command, all to one stream.
type sameCase struct {
	name   string
	stream events.StreamID
	before []core.Command
	// until is how long after the beginning the command is still in time, 0 forever.
	until   time.Duration
	command core.Command
	rival   core.Command
	edit    bool // set IfRevision
	code    string
}

// sameCases has one case for each kind of command, each with an entity of its own.
func sameCases(n int) []sameCase {
	id, rid, other := strconv.Itoa(n), NewID(), NewID()
	p, s := product.Stream(events.ProductID("p"+id)), seat.Stream(events.PerformanceID("s"+id), "A-1-1")
	w, g := wallet.Stream(events.Holder("w"+id)), tournament.Stream(events.TournamentID("t"+id))
	name, hold, rival := "Lantern", events.NewHoldID(events.BookingID("b"+id), 1), events.NewHoldID("rival", 1)
	sale := &product.Create{ID: events.ProductID("p" + id), Name: "Lamp", Stock: 2, HoldSeconds: 60}
	held := &product.Reserve{ReservationID: rid, Holder: "ann", Quantity: 1, Hold: true}
	last := &product.Reserve{ReservationID: other, Holder: "bob", Quantity: 1}
	taken := &seat.Hold{HoldID: hold, Holder: "ann", HoldFor: time.Minute - seat.Grace}
	cup := &tournament.Create{ID: events.TournamentID("t" + id), Name: "Cup", TeamLimit: 2,
		RegisterDeadline: began.Add(time.Minute)}
	enter := func(t events.TeamID) *tournament.Enter { return &tournament.Enter{TeamIDs: []events.TeamID{t}} }
	charge := func(id events.ChargeID) *wallet.Charge { return &wallet.Charge{ID: id, Amount: 100} }
	all := []sameCase{
		{name: "create", stream: p, command: sale, rival: last},
		{name: "edit", stream: p, before: []core.Command{sale}, command: &product.Edit{Name: &name}, edit: true},
		{name: "reserve", stream: p, before: []core.Command{sale},
			command: &product.Reserve{ReservationID: rid, Holder: "ann", Quantity: 2}, rival: last},
		{name: "hold", stream: p, before: []core.Command{sale}, command: held, rival: last},
		{name: "confirm", stream: p, before: []core.Command{sale, held}, until: time.Minute,
			command: &product.Confirm{ReservationID: rid}, rival: last},
		{name: "release", stream: p, before: []core.Command{sale, held}, until: time.Minute,
			command: &product.Release{ReservationID: rid}, rival: last},
		{name: "sold out", stream: p, before: []core.Command{sale, last},
			command: &product.Reserve{ReservationID: rid, Holder: "ann", Quantity: 2}, code: "sold_out"},
		{name: "hold a seat", stream: s,
			command: taken, rival: &seat.Hold{HoldID: rival, Holder: "bob", HoldFor: time.Minute}},
		{name: "book a seat", stream: s, before: []core.Command{taken}, until: time.Minute,
			command: &seat.Book{HoldID: hold}},
		{name: "release a seat", stream: s, before: []core.Command{taken},
			command: &seat.Release{HoldID: hold, Reason: events.ReleasedCancelled},
			rival:   &seat.Hold{HoldID: rival, Holder: "bob", HoldFor: time.Minute}},
		{name: "enter", stream: g, before: []core.Command{cup, enter("owls")}, until: time.Minute,
			command: enter("foxes"), rival: enter("hares")},
		{name: "withdraw", stream: g, before: []core.Command{cup, enter("owls")},
			command: &tournament.Withdraw{TeamID: "owls"}, rival: enter("hares")},
		{name: "register a team", stream: team.Stream(events.TeamID("m" + id)),
			command: &team.Register{ID: events.TeamID("m" + id), Name: "Owls"}},
		{name: "charge", stream: w, command: charge("one"), rival: charge("two")},
		{name: "debit", stream: w, before: []core.Command{charge("one")},
			command: &wallet.Debit{PaymentID: hold, Amount: 60},
			rival:   &wallet.Debit{PaymentID: rival, Amount: 60}},
		{name: "refund", stream: w, before: []core.Command{charge("one"), &wallet.Debit{PaymentID: hold, Amount: 60}},
			command: &wallet.Refund{PaymentID: hold},
			rival:   charge("two")},
	}
	return all
}

// blockingStore is a store whose next append blocks before it is done, or before it returns.
type blockingStore struct {
	events.Store
	waits          string // where the next append blocks: "append", "outcome" or "" for nowhere
	entered, leave chan struct{}
}

// Append implements events.Store.
func (h *blockingStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	waits := h.waits
	if h.waits = ""; waits == "append" {
		close(h.entered)
		<-h.leave
	}
	appended, err := h.Store.Append(ctx, stream, expected, batch)
	if waits == "outcome" {
		close(h.entered)
		<-h.leave
	}
	return appended, err
}

// sameRound is one command that is sent to two nodes, with the faults of the log and the clock.
type sameRound struct {
	sameCase
	request Request
	order   int // see play
	rival   bool
	log     *blockingStore
	a, b    *Desk
	clock   *clock
	// followed is the position up to which the nodes have followed the log.
	followed events.Position
}

// The orders of a round. Node a is the owner.
const (
	appendHeld  = iota // a's append is held until b has decided
	outcomeHeld        // a's append is done, but its outcome is held until b has decided
	ownerLate          // a gets the command after b has answered it
	concurrent         // both get it concurrently
	ownerTwice         // a gets it twice, b never
	orders
)

// play sends the command to both nodes and returns their answers.
func (r *sameRound) play(t *testing.T, rng *rand.Rand) (a, b Answer, errA, errB error) {
	ask := func(d *Desk) (Answer, error) { return d.Ask(context.Background(), r.request) }
	other := func() {
		if r.until > 0 {
			r.clock.advance(time.Duration(rng.IntN(3)) * time.Second) // often past the deadline
		}
		if r.rival && rng.IntN(2) == 0 {
			_, _ = r.b.Ask(context.Background(), Request{Stream: r.stream, Command: r.sameCase.rival, ID: NewCommandID()})
		}
		if r.order == ownerTwice {
			b, errB = ask(r.a)
			return
		}
		b, errB = ask(r.b)
		if r.rival && rng.IntN(2) == 0 {
			_, _ = r.b.Ask(context.Background(), Request{Stream: r.stream, Command: r.sameCase.rival, ID: NewCommandID()})
		}
	}
	done := make(chan struct{})
	r.log.entered, r.log.leave = make(chan struct{}), make(chan struct{})
	switch r.order {
	case ownerLate:
		other()
		r.follow(t)
		a, errA = ask(r.a)
		return
	case appendHeld:
		r.log.waits = "append"
	case outcomeHeld:
		r.log.waits = "outcome"
	}
	go func() { defer close(done); a, errA = ask(r.a) }()
	if r.order != concurrent && r.order != ownerTwice {
		select {
		case <-r.log.entered:
		case <-done: // it appends nothing
		}
	}
	other()
	close(r.log.leave)
	<-done
	r.log.waits = ""
	return
}

// TestTheSameCommandOnce: one command is sent to two nodes, as when its owner does not answer and
// the node that received it decides it itself. Whichever is first, it is decided once, and both
// give the same answer, with and without a key; also if the command is decided just before a deadline
// and appended after it.
func TestTheSameCommandOnce(t *testing.T) {
	seed := *stormSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./actors -run TestTheSameCommandOnce -storm-seed %d", seed)
	checkNoLeaks(t)
	rng, log, clock := rand.New(rand.NewPCG(seed, 0)), openLog(t, t.TempDir()), &clock{}
	owner := &blockingStore{Store: log}
	open := func(store events.Store) *Desk {
		return openDesk(t, store, func(c *Config) {
			c.Now = clock.now
			c.Kinds = append(c.Kinds, wallet.Kind, team.Kind)
		})
	}
	a, b := open(owner), open(log)
	seen, replayed, followed := map[string]int{}, 0, events.Position(0)
	for n := range sameRounds(t) {
		clock.nanos.Store(0)
		all := sameCases(n)
		r := &sameRound{sameCase: all[n%len(all)], order: rng.IntN(orders), log: owner, a: a, b: b, clock: clock,
			followed: followed}
		r.rival = r.sameCase.rival != nil && rng.IntN(2) == 0
		before := r.prepare(t, rng)
		answerA, answerB, errA, errB := r.play(t, rng)
		followed = r.followed
		outcome := r.check(t, before, answerA, answerB, errA, errB)
		seen[fmt.Sprintf("%s: %s", r.name, outcome)]++
		if answerA.Replayed || answerB.Replayed {
			replayed++
		}
		if t.Failed() {
			t.Fatalf("failed in round %d: %s, order %d, rival %t, id %s", n, r.name, r.order, r.rival, r.request.ID)
		}
	}
	for _, c := range sameCases(0) {
		if want := core.Or(pointer(c.code), "ok"); seen[c.name+": "+want] == 0 {
			t.Errorf("%s was never answered %q, want it at least once: %v", c.name, want, seen)
		}
	}
	if replayed == 0 || a.Stats().Conflicts+b.Stats().Conflicts == 0 || a.Stats().Lookups+b.Stats().Lookups == 0 {
		t.Errorf("%d replays, stats %+v and %+v; want some replays, conflicts and lookups", replayed, a.Stats(), b.Stats())
	}
}

// pointer returns nil for "".
func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// prepare runs the commands before the one under test, on either node, and returns the end of the
// stream.
func (r *sameRound) prepare(t *testing.T, rng *rand.Rand) events.Revision {
	desks, end := []*Desk{r.a, r.b}, events.NoStream
	for _, command := range r.before {
		answer, err := desks[rng.IntN(2)].Ask(context.Background(),
			Request{Stream: r.stream, Command: command, ID: NewCommandID()})
		if err != nil {
			t.Fatal(r.name, err)
		}
		end = answer.Revision
	}
	if len(r.before) > 0 && rng.IntN(2) == 0 { // the owner knows the entity already
		if _, err := r.a.View(context.Background(), r.stream, func(core.Core) {}); err != nil {
			t.Fatal(err)
		}
	}
	if r.until > 0 {
		r.clock.advance(r.until - time.Second - time.Duration(rng.IntN(2)))
	}
	head := r.follow(t)
	after := head - min(head, events.Position(rng.IntN(3))) // the node is a little behind
	r.request = Request{Stream: r.stream, Command: r.command, ID: NewCommandID(), CorrelationID: "c",
		Actor: "ann", After: &after, At: r.clock.now()}
	if rng.IntN(2) == 0 {
		r.request.ID = KeyedCommandID("ann", string(r.stream), []byte(r.name))
	}
	if r.edit {
		r.request.IfRevision = &end
	}
	return end
}

// follow makes both nodes observe the new events, as their followers do, and returns the end of the
// log.
func (r *sameRound) follow(t *testing.T) events.Position {
	for event, err := range events.All(context.Background(), r.log, r.followed) {
		if err != nil {
			t.Fatal(err)
		}
		r.a.Observe(event.Stream, event.Revision)
		r.b.Observe(event.Stream, event.Revision)
		r.followed = event.Position
	}
	return r.followed
}

// check compares the answers with each other and with the log, and returns how the command was
// answered.
func (r *sameRound) check(t *testing.T, before events.Revision, a, b Answer, errA, errB error) string {
	t.Helper()
	if code(errA) != code(errB) {
		t.Errorf("the nodes answered %q and %q, want the same", code(errA), code(errB))
	}
	same := a.Revision == b.Revision && a.Position == b.Position && a.At.Equal(b.At)
	if errA == nil && (!same || !reflect.DeepEqual(encoded(a.Facts), encoded(b.Facts))) {
		t.Errorf("the nodes answered %+v and %+v, want the same", a, b)
	}
	page, err := r.log.Read(context.Background(), r.stream, before+1, events.Forward, 64)
	if err != nil {
		t.Fatal(err)
	}
	facts, runs, last := 0, 0, false
	for i := range page {
		this := CommandID(events.RecordedCommand(page[i].Metadata)) == r.request.ID
		if this {
			facts++
		}
		if this && !last {
			runs++
		}
		last = this
	}
	if want := min(1, len(a.Facts)); errA == nil && (runs != want || facts != len(a.Facts)) || errA != nil && runs > 0 {
		t.Errorf("answered %q with %d facts; the log has %d facts in %d appends, want the same facts in at most one",
			code(errA), len(a.Facts), facts, runs)
	}
	return code(errA)
}

func encoded(facts []events.Fact) (all []string) {
	for _, fact := range facts {
		all = append(all, fact.Name()+string(events.AppendFact(nil, fact)))
	}
	return all
}

// TestForwardedCommandsAreForgottenInTime: an entity remembers about as many commands as can be in
// flight. Older ones are searched for in the log.
func TestForwardedCommandsAreForgottenInTime(t *testing.T) {
	log := openLog(t, t.TempDir())
	d := openDesk(t, log, func(c *Config) { c.MaxPerEntity = 4 })
	mustCreate(t, d, 100)
	after, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var requests []Request
	var answers []Answer
	for range 30 {
		request := Request{Stream: lamp, Command: one("ann"), ID: NewCommandID(), After: &after}
		answer, err := d.Ask(t.Context(), request)
		if err != nil || answer.Replayed {
			t.Fatalf("Ask: %+v, %v; want a new decision", answer, err)
		}
		requests, answers = append(requests, request), append(answers, answer)
	}
	before := d.Stats().Lookups
	for i, request := range requests {
		answer, err := d.Ask(t.Context(), request)
		if err != nil || !answer.Replayed || answer.Revision != answers[i].Revision {
			t.Errorf("command %d was answered %+v, and repeated %+v, %v; want the same", i, answers[i], answer, err)
		}
	}
	if searched := d.Stats().Lookups - before; searched < 10 || searched > 26 {
		t.Errorf("%d of 30 commands were searched for in the log, want 10 to 26", searched)
	}
	audit(t, log, nil)
}
