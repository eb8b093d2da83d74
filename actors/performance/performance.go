package performance

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Seat is a seat of a performance, by its index in the layout.
type Seat = events.SeatIndex

// Kind registers performances with the shell.
var Kind = core.Kind{Category: events.PerformanceCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the performance with this id.
func Stream(id events.PerformanceID) events.StreamID {
	return events.NewStreamID(events.PerformanceCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 2

const (
	// MaxSeats is the maximum number of seats of a performance.
	MaxSeats = 100_000
	// MaxSections is the maximum number of sections.
	MaxSections = 1_000
)

// Create creates a performance. No-op if it was created with the same members, even if it has been edited since.
// Refusals: invalid_field (sections, prices, the times), already_exists (with different members).
type Create struct {
	ID       events.PerformanceID
	Title    string
	Venue    string
	StartsAt time.Time
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64
	// LimitPerHolder is the maximum number of seats per holder; 0 means no limit.
	LimitPerHolder int64
	// WaitingRoom that guards the sale, "" for none.
	WaitingRoom events.RoomID
	// Sections must not be changed afterwards. They are empty if Plan defines the seats.
	Sections []events.Section
	// Plan is the seating plan, "" for none.
	Plan events.PlanID
	// Categories are the categories of the plan that have seats or places, in the plan's order. They are not
	// recorded.
	Categories []string
	// Prices of the categories, grouped by category. They must not be changed afterwards.
	Prices []events.CategoryPrice
	// SaleTimes are the bounds of the sale. If the sale closes at StartsAt, edits of StartsAt move its close too.
	events.SaleTimes
	// Cancellation is the cancellation policy; the zero value is the default policy.
	Cancellation events.Cancellation
	// Areas are the areas that edits have resized, with their capacities.
	Areas []events.AreaPlaces `json:",omitempty"`
}

// HoldFor is the time to pay a booking.
func (c *Create) HoldFor() time.Duration { return time.Duration(c.HoldSeconds) * time.Second }

// Performance is the state and the rules of one performance. It implements [core.Core].
type Performance struct {
	initial   Create // as created; its ID is "" before
	latest    Create // as created or last edited
	layout    *events.Layout
	sale      core.Sale
	calledOff bool
	blocks    blocks
	facts     events.Revision // number of facts applied
	edited    events.Revision // revision of the latest edit, or of the creation
}

// New returns a performance that has not been created yet.
func New() core.Core { return &Performance{} }

// Exists reports whether the performance was created.
func (p *Performance) Exists() bool { return p.initial.ID != "" }

// Created returns the performance as it was created.
func (p *Performance) Created() Create { return p.initial }

// Latest returns the performance as it was created or last edited.
func (p *Performance) Latest() Create { return p.latest }

// Terms returns the terms of a booking made now.
func (p *Performance) Terms() events.SaleTerms {
	return events.SaleTerms{Terms: p.edited, HoldSeconds: p.latest.HoldSeconds, LimitPerHolder: p.latest.LimitPerHolder}
}

// Cancellation returns the cancellation policy of seats sold now.
func (p *Performance) Cancellation() events.Cancellation {
	if p.latest.Cancellation.IsZero() {
		return events.DefaultCancellation
	}
	return p.latest.Cancellation
}

// Layout returns the layout of the seats with their current prices, nil before the performance is created, and if
// a plan defines the seats; see [Create.Layout]. It is immutable.
func (p *Performance) Layout() *events.Layout { return p.layout }

// Layout returns the layout of the seats. hall is the hall of the seating plan, if there is one.
func (c *Create) Layout(hall *events.Hall) *events.Layout {
	if c.Plan != "" {
		return events.NewHallLayout(hall, c.Prices)
	}
	return events.NewLayout(c.Sections)
}

// EditRevision implements [core.Edited].
func (p *Performance) EditRevision() events.Revision { return p.edited }

// NextDeadline implements [core.Core]: the next time at which the sale opens or closes.
func (p *Performance) NextDeadline() time.Time { return p.sale.NextDeadline() }

// Decide implements [core.Core].
func (p *Performance) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Create:
		return p.create(cmd, now)
	case *Edit:
		return p.edit(cmd, now)
	case *Cancel:
		return p.cancel(cmd)
	case *BeginBlocks:
		return p.beginBlocks(cmd)
	case *ChangeBlocks:
		return p.changeBlocks(cmd)
	case *WithdrawBlocks:
		return p.withdrawBlocks(cmd)
	case *UndoBlocks:
		return p.undoBlocks(cmd), nil
	case *RecallBlocks:
		return nil, errNoChange
	case *core.Expire:
		return boundFacts(p.sale, now), nil
	}
	panic(fmt.Sprintf("performance: no rule for %T", cmd))
}

func (p *Performance) create(create *Create, now time.Time) ([]events.Fact, error) {
	if refusal := create.checkSeats(); refusal != nil {
		return nil, refusal
	}
	switch {
	case p.Exists() && create.same(&p.initial):
		return nil, nil
	case p.Exists():
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a performance with this id exists and differs; choose another id, or edit it"}
	}
	if refusal := core.CheckTimes(create.SaleTimes); refusal != nil {
		return nil, refusal
	}
	return append([]events.Fact{&events.PerformanceCreated{
		PerformanceID: create.ID, Title: create.Title, Venue: create.Venue, StartsAt: create.StartsAt.UTC(),
		HoldSeconds: create.HoldSeconds, LimitPerHolder: create.LimitPerHolder, WaitingRoom: create.WaitingRoom,
		Sections: create.Sections, SaleTimes: create.SaleTimes, Cancellation: create.Cancellation,
		Plan: create.Plan, CategoryPrices: create.Prices,
	}}, boundFacts(core.Sale{}.WithTimes(create.SaleTimes), now)...), nil
}

// boundFacts returns the facts of the bounds of a sale that have been reached.
func boundFacts(sale core.Sale, now time.Time) (facts []events.Fact) {
	due := sale.Due(now)
	if !due.OpensAt.IsZero() {
		facts = append(facts, &events.PerformanceOpened{OpensAt: due.OpensAt})
	}
	if !due.ClosesAt.IsZero() {
		facts = append(facts, &events.PerformanceClosed{ClosesAt: due.ClosesAt})
	}
	return facts
}

// sectionsFault describes the first fault of the sections, "" for none.
func sectionsFault(sections []events.Section) string {
	if len(sections) < 1 || len(sections) > MaxSections {
		return "there must be 1 to 1,000 sections"
	}
	seen, seats := make(map[events.SectionID]bool, len(sections)), int64(0)
	for i := range sections {
		s := &sections[i]
		switch {
		case s.ID == "" || strings.Contains(string(s.ID), "~"):
			return "a section must have an id without ~"
		case seen[s.ID]:
			return "section " + string(s.ID) + " is listed more than once"
		case s.Rows < 1 || s.Rows > MaxSeats || s.SeatsPerRow < 1 || s.SeatsPerRow > MaxSeats:
			return "section " + string(s.ID) + " must have at least one row and one seat in a row"
		case s.Price < 0 || s.Price > events.MaxPrice:
			return "the price in section " + string(s.ID) + " must be from 0 to 1,000,000,000,000"
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > MaxSeats {
			return "a performance can have at most 100,000 seats"
		}
	}
	return ""
}

// same reports whether a repeated creation has the members of the first one. If the sale of the first one does not
// close, as in old facts, a sale that closes at the start counts as equal.
func (c *Create) same(initial *Create) bool {
	closes := c.ClosesAt.Equal(initial.ClosesAt) || initial.ClosesAt.IsZero() && c.ClosesAt.Equal(c.StartsAt)
	return c.ID == initial.ID && c.Title == initial.Title && c.Venue == initial.Venue &&
		c.StartsAt.Equal(initial.StartsAt) && c.HoldSeconds == initial.HoldSeconds &&
		c.LimitPerHolder == initial.LimitPerHolder && c.WaitingRoom == initial.WaitingRoom &&
		slices.Equal(c.Sections, initial.Sections) &&
		c.Plan == initial.Plan && slices.Equal(c.Prices, initial.Prices) &&
		c.OpensAt.Equal(initial.OpensAt) && closes && c.Cancellation.Equal(initial.Cancellation)
}

// Evolve implements [core.Core].
func (p *Performance) Evolve(fact events.Fact) {
	p.facts++
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		p.must(fact, !p.Exists() && f.PerformanceID != "" &&
			(f.Plan != "" && len(f.Sections) == 0 || sectionsFault(f.Sections) == ""))
		p.initial = Create{ID: f.PerformanceID, Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt,
			HoldSeconds: f.HoldSeconds, LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom,
			Sections: f.Sections, SaleTimes: f.SaleTimes, Cancellation: f.Cancellation, Plan: f.Plan, Prices: f.CategoryPrices}
		p.setLatest(p.initial)
	case *events.PerformanceEdited:
		sections, ok := Priced(p.latest.Sections, f.Prices)
		p.must(fact, p.Exists() && ok && events.SameCategories(p.latest.Prices, f.CategoryPrices))
		next := p.latest
		next.Title, next.Venue, next.StartsAt = f.Title, f.Venue, f.StartsAt
		next.HoldSeconds, next.LimitPerHolder = f.HoldSeconds, f.LimitPerHolder
		next.Sections, next.SaleTimes, next.Cancellation = sections, f.SaleTimes, f.Cancellation
		next.Prices, next.Areas = f.CategoryPrices, f.Areas
		p.must(fact, f.Change == 0 || p.blocks.commit(f.Change))
		p.setLatest(next)
	case *events.PerformanceOpened:
		p.must(fact, !f.OpensAt.IsZero() && f.OpensAt.Equal(p.sale.Upcoming.OpensAt))
		p.sale.Upcoming.OpensAt = time.Time{}
	case *events.PerformanceClosed:
		p.must(fact, !f.ClosesAt.IsZero() && f.ClosesAt.Equal(p.sale.Upcoming.ClosesAt))
		p.sale.Upcoming.ClosesAt = time.Time{}
	case *events.PerformanceCancelled:
		p.must(fact, p.Exists() && !p.calledOff)
		p.calledOff = true
	default:
		p.must(fact, p.Exists() && p.blocks.evolve(fact))
	}
}

// must panics if the fact is not valid.
func (p *Performance) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("performance %s: unexpected fact %s %+v", p.initial.ID, fact.Name(), fact))
	}
}

// setLatest sets the state after a creation or an edit.
func (p *Performance) setLatest(latest Create) {
	p.latest, p.edited, p.layout = latest, p.facts-1, layoutOf(&latest)
	p.sale = p.sale.WithTimes(latest.SaleTimes)
}

// layoutOf returns the layout of sections, nil if a plan defines the seats.
func layoutOf(c *Create) *events.Layout {
	if c.Plan != "" {
		return nil
	}
	return c.Layout(nil)
}

// Priced returns the sections with new prices. ok is false unless prices has all sections, in the same order.
func Priced(sections []events.Section, prices []events.SectionPrice) (priced []events.Section, ok bool) {
	if len(prices) != len(sections) {
		return nil, false
	}
	priced = slices.Clone(sections)
	for i, p := range prices {
		if p.Section != priced[i].ID {
			return nil, false
		}
		priced[i].Price = p.Price
	}
	return priced, true
}

// snapshot is the format that Freeze writes.
type snapshot struct {
	Initial       Create `json:"Born"`
	Latest        Create
	Upcoming      events.SaleTimes `json:"Ahead"`
	Facts, Edited events.Revision
	CalledOff     bool   `json:"Called,omitempty"`
	Blocks        blocks `json:",omitzero"`
}

// Freeze implements [core.Core].
func (p *Performance) Freeze() func(io.Writer) error {
	state := snapshot{p.initial, p.latest, p.sale.Upcoming, p.facts, p.edited, p.calledOff, p.blocks}
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (p *Performance) Restore(r io.Reader) error {
	var state snapshot
	if err := json.NewDecoder(r).Decode(&state); err != nil || state.Initial.ID == "" {
		return err
	}
	*p = Performance{initial: state.Initial, latest: state.Latest, calledOff: state.CalledOff, blocks: state.Blocks,
		facts: state.Facts, edited: state.Edited,
		layout: layoutOf(&state.Latest),
		sale:   core.Sale{Times: state.Latest.SaleTimes, Upcoming: state.Upcoming}}
	return nil
}
