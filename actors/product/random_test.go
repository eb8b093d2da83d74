package product

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// state is a product's state in a comparable form.
type state struct {
	Initial, Latest Create
	Held, Sold      int64
	Holds           int
	Reservations    []openReservation
	Holders         []holderUnits
	Next            time.Time
	Sale            core.Sale
	Facts           events.Revision
	Edited          events.Revision
	EndedAnnotated  events.Revision
	Offers          []Offer
	Payments        map[events.ID]PaymentRecord
}

type openReservation struct {
	ID events.ID
	reservation
}

type holderUnits struct {
	Holder events.Holder
	Units  int64
}

func stateOf(p *Product) state {
	c := state{Initial: p.created(), Latest: p.latest, Held: p.held, Sold: p.sold, Holds: p.holds,
		Next: p.NextDeadline(), Sale: p.sale(), Facts: p.facts, Edited: p.edited, EndedAnnotated: p.endedAnnotated,
		Offers: p.offers}
	if p.payments != nil {
		c.Payments = maps.Collect(p.payments.All())
	}
	for id, r := range p.reservations.All() {
		c.Reservations = append(c.Reservations, openReservation{id, r})
	}
	slices.SortFunc(c.Reservations, func(a, b openReservation) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if p.holders != nil {
		for holder, units := range p.holders.All() {
			c.Holders = append(c.Holders, holderUnits{holder, units})
		}
		slices.SortFunc(c.Holders, func(a, b holderUnits) int { return cmp.Compare(a.Holder, b.Holder) })
	}
	return c
}

// model is a simple reference implementation of a product.
type model struct {
	stock, limit int64
	open         map[events.ID]Reservation
}

func (m *model) held() (units int64) {
	for _, r := range m.open {
		if !r.ExpiresAt.IsZero() {
			units += r.Quantity
		}
	}
	return units
}

func (m *model) taken(holder events.Holder) (units int64) {
	for _, r := range m.open {
		if r.Holder == holder || holder == "" {
			units += r.Quantity
		}
	}
	return units
}

func (m *model) next() (next time.Time) {
	for _, r := range m.open {
		if !r.ExpiresAt.IsZero() && (next.IsZero() || r.ExpiresAt.Before(next)) {
			next = r.ExpiresAt
		}
	}
	return next
}

// reserve returns the refusal's code, "" if there is none.
func (m *model) reserve(c *Reserve, now time.Time) string {
	_, used := m.open[c.ReservationID]
	switch {
	case used:
		return "already_exists"
	case m.limit > 0 && m.taken(c.Holder)+c.Quantity > m.limit:
		return "limit_exceeded"
	case m.taken("")+c.Quantity > m.stock:
		return "sold_out"
	}
	r := Reservation{Holder: c.Holder, Quantity: c.Quantity, Offer: Offer{Price: 500}}
	if c.Hold {
		r.ExpiresAt = now.Add(time.Minute)
	}
	m.open[c.ReservationID] = r
	return ""
}

func (m *model) confirm(c *Confirm, now time.Time) string {
	r, ok := m.open[c.ReservationID]
	switch {
	case !ok:
		return "not_found"
	case c.By != "" && c.By != r.Holder:
		return "forbidden"
	case r.ExpiresAt.IsZero():
		return "already_confirmed"
	case now.After(r.ExpiresAt):
		return "hold_expired"
	}
	r.ExpiresAt = time.Time{}
	m.open[c.ReservationID] = r
	return ""
}

func (m *model) release(c *Release) string {
	r, ok := m.open[c.ReservationID]
	switch {
	case !ok:
		return "not_found"
	case c.By != "" && c.By != r.Holder:
		return "forbidden"
	}
	delete(m.open, c.ReservationID)
	return ""
}

func (m *model) edit(c *Edit) string {
	if c.Stock != nil {
		if *c.Stock < m.taken("") {
			return "limit_exceeded"
		}
		m.stock = *c.Stock
	}
	if c.LimitPerHolder != nil {
		m.limit = *c.LimitPerHolder
	}
	return ""
}

func (m *model) expire(now time.Time) {
	for id, r := range m.open {
		if !r.ExpiresAt.IsZero() && now.After(r.ExpiresAt) {
			delete(m.open, id)
		}
	}
}

// decide returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command, now time.Time) string {
	switch c := cmd.(type) {
	case *Reserve:
		return m.reserve(c, now)
	case *Confirm:
		return m.confirm(c, now)
	case *Release:
		return m.release(c)
	case *Edit:
		return m.edit(c)
	case *core.Expire:
		m.expire(now)
	}
	return ""
}

// drawCommand draws a command. There are few ids, so that commands collide.
func drawCommand(t *rapid.T) core.Command {
	id := reservationID(rapid.IntRange(0, 30).Draw(t, "id"))
	holder := rapid.SampledFrom([]events.Holder{"ann", "bob", "cid", ""}).Draw(t, "by")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return &Confirm{ReservationID: id, By: holder}
	case 1, 2:
		return &Release{ReservationID: id, By: holder}
	case 3:
		return &core.Expire{}
	case 4:
		units := rapid.Int64Range(0, 20).Draw(t, "stock")
		if rapid.Bool().Draw(t, "limited") {
			return &Edit{LimitPerHolder: &units}
		}
		return &Edit{Stock: &units}
	}
	return &Reserve{
		ReservationID: id,
		Holder:        events.Holder("h" + string(holder)),
		Quantity:      rapid.Int64Range(1, 4).Draw(t, "quantity"),
		Hold:          rapid.Bool().Draw(t, "hold"),
	}
}

// frozenState is a frozen state that is written later, with its content and the number of facts before it.
type frozenState struct {
	write   func(io.Writer) error
	content state
	facts   int
}

// TestRandomCommands compares a core with the model under random commands, and checks the contract of
// [core.Core].
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, m, now := New().(*Product), &model{stock: 12, limit: 6, open: map[events.ID]Reservation{}}, day
		var log []events.Fact
		evolve := func(facts []events.Fact) {
			for _, fact := range facts {
				p.Evolve(fact)
				log = append(log, fact)
			}
		}
		first, _ := p.Decide(create(12, 6), now)
		evolve(first)
		var frozen *frozenState
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, ns, 7 * s, 30 * s, 60 * s, 60*s + ns}).Draw(t, "wait"))
			if frozen == nil && rapid.IntRange(0, 4).Draw(t, "freeze") == 0 {
				frozen = &frozenState{p.Freeze(), stateOf(p), len(log)}
			}
			cmd := drawCommand(t)
			before, heap := stateOf(p), p.deadline.Entries()
			facts, err := p.Decide(cmd, now)
			if after := stateOf(p); !reflect.DeepEqual(before, after) || !slices.Equal(heap, p.deadline.Entries()) {
				t.Fatalf("deciding %T changed the state from %+v to %+v", cmd, before, after)
			}
			again, errAgain := p.Decide(cmd, now)
			if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("deciding %T twice: %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
			}
			code := ""
			if err != nil {
				code = string(err.(*core.Refusal).Code)
			}
			if want := m.decide(cmd, now); code != want {
				t.Fatalf("%T %+v at %v: refusal %q, want %q", cmd, cmd, now.Sub(day), code, want)
			}
			evolve(facts)
			checkModel(t, p, m)
		}
		if want, got := stateOf(p), stateOf(replay(log)); !reflect.DeepEqual(want, got) {
			t.Fatalf("replayed: %+v, want %+v", got, want)
		}
		coretest.RequireIndependentClones(t, New, log)
		if frozen != nil {
			requireRestorable(t, frozen, log, stateOf(p))
		}
	})
}

func replay(log []events.Fact) *Product {
	p := New().(*Product)
	for _, fact := range log {
		p.Evolve(fact)
	}
	return p
}

// checkModel compares the state with the model, and checks the invariants.
func checkModel(t *rapid.T, p *Product, m *model) {
	if p.Remaining() < 0 || p.latest.Stock != p.Remaining()+p.held+p.sold {
		t.Fatalf("stock %d, remaining %d, held %d, sold %d; want stock = remaining + held + sold, remaining >= 0",
			p.latest.Stock, p.Remaining(), p.held, p.sold)
	}
	if p.latest.Stock != m.stock || p.held != m.held() || p.held+p.sold != m.taken("") ||
		p.reservations.Len() != len(m.open) {
		t.Fatalf("state = %+v, want the model's %+v", stateOf(p), m)
	}
	for id, want := range m.open {
		if got, ok := p.Reservation(id); !ok || got != want {
			t.Fatalf("reservation %s is %+v, %t; want %+v", id, got, ok, want)
		}
	}
	if got, want := p.NextDeadline(), m.next(); !got.Equal(want) {
		t.Fatalf("the next deadline is %v, want %v", got, want)
	}
}

// requireRestorable restores a state that was frozen before later facts, and applies those facts; the
// result must be the state at the end.
func requireRestorable(t *rapid.T, f *frozenState, log []events.Fact, end state) {
	p := coretest.RoundTrip(t, f.write, New).(*Product)
	if got := stateOf(p); !reflect.DeepEqual(got, f.content) {
		t.Fatalf("restored %+v, want %+v", got, f.content)
	}
	for _, fact := range log[f.facts:] {
		p.Evolve(fact)
	}
	if got := stateOf(p); !reflect.DeepEqual(got, end) {
		t.Fatalf("after the later facts: %+v, want %+v", got, end)
	}
}

// TestTruncatedSnapshotIsRefused checks that no prefix of a snapshot is accepted.
func TestTruncatedSnapshotIsRefused(t *testing.T) {
	p := replay([]events.Fact{&events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: 9, HoldSeconds: 60}})
	for _, cmd := range []core.Command{reserve(0, "ann", 1), hold(1, "bob", 2)} {
		facts, err := p.Decide(cmd, day)
		if err != nil {
			t.Fatalf("%T: %v", cmd, err)
		}
		p.Evolve(facts[0])
	}
	coretest.RequireTruncatedSnapshotsRefused(t, p, New)
}

// TestManyHoldsExpireInBoundedFacts checks that many holds expire in order, each once, in facts of a
// bounded size.
func TestManyHoldsExpireInBoundedFacts(t *testing.T) {
	const holds = 1000
	p := replay([]events.Fact{&events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: holds, HoldSeconds: 60}})
	for n := range holds {
		at := day.Add(time.Duration(n*7919%holds) * time.Millisecond)
		facts, err := p.Decide(hold(n, "ann", 1), at)
		if err != nil {
			t.Fatal(err)
		}
		p.Evolve(facts[0])
	}
	var sizes []int
	var last time.Time
	expired := map[events.ReservationID]bool{}
	for end := day.Add(time.Hour); ; {
		facts, err := p.Decide(&core.Expire{}, end)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts) == 0 {
			break
		}
		fact := facts[0].(*events.ProductExpired)
		sizes = append(sizes, len(fact.Expired))
		if size := len(events.AppendFact(nil, fact)); size > 30<<10 {
			t.Fatalf("a fact has %d bytes, want at most 30 KiB", size)
		}
		for _, e := range fact.Expired {
			if expired[e.ReservationID] || e.ExpiresAt.Before(last) {
				t.Fatalf("%+v expired twice or after a later deadline, want once and in order", e)
			}
			expired[e.ReservationID], last = true, e.ExpiresAt
		}
		p.Evolve(fact)
	}
	want := []int{169, 169, 169, 169, 169, 155}
	if !slices.Equal(sizes, want) || len(expired) != holds || p.Remaining() != holds {
		t.Errorf("facts of %v holds, want %v; %d expired, want %d; %d remain, want %d", sizes, want, len(expired), holds,
			p.Remaining(), holds)
	}
}

// TestEndedHoldsDoNotPileUp checks that released holds don't accumulate in the heap of deadlines.
func TestEndedHoldsDoNotPileUp(t *testing.T) {
	p := replay([]events.Fact{&events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: 2000, HoldSeconds: 60}})
	const most = 2*101 + 1024 + 1 // two per hold, and the slack before a tidying
	longest := 0
	for n := range 20_000 {
		commands := []core.Command{hold(n%60000, "ann", 1)}
		if n >= 100 {
			commands = append(commands, release((n-100)%60000, ""))
		}
		for _, cmd := range commands {
			facts, err := p.Decide(cmd, day)
			if err != nil {
				t.Fatal(err)
			}
			p.Evolve(facts[0])
		}
		longest = max(longest, len(p.deadline.Entries()))
	}
	if longest > most {
		t.Errorf("the heap had up to %d deadlines for 100 open holds, want at most %d", longest, most)
	}
}
