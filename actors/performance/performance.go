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

// Seat is a seat of a performance, by its place in the layout.
type Seat = events.SeatIndex

// Kind of performances.
var Kind = core.Kind{Category: events.PerformanceCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the performance with this id.
func Stream(id events.PerformanceID) events.StreamID {
	return events.NewStreamID(events.PerformanceCategory, string(id))
}

// snapshotVersion changes with what Freeze writes.
const snapshotVersion = 1

const (
	// MaxSeats is how many seats a performance can have.
	MaxSeats = 100_000
	// MaxSections is how many sections it can have.
	MaxSections = 1_000
	// MaxPrice is the most that one seat can cost, in minor units.
	MaxPrice = 1_000_000_000_000
)

// Create puts a performance on sale. Refusals: invalid_field (sections),
// already_exists (with other members; with the same it does nothing).
type Create struct {
	ID       events.PerformanceID
	Title    string
	Venue    string
	StartsAt time.Time
	// HoldSeconds is how long a booking may stay unpaid.
	HoldSeconds int64
	// LimitPerHolder is how many seats one holder may have; 0 is no limit.
	LimitPerHolder int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom events.RoomID
	// Sections must not be changed afterwards.
	Sections []events.Section
}

// HoldFor is how long a booking may stay unpaid.
func (c *Create) HoldFor() time.Duration { return time.Duration(c.HoldSeconds) * time.Second }

// Performance is the state and the rules of one performance. It implements
// [core.Core].
type Performance struct {
	created Create // ID is "" before
	layout  *events.Layout
}

// New returns a performance that has not been created yet.
func New() core.Core { return &Performance{} }

// Exists reports whether the performance was created.
func (p *Performance) Exists() bool { return p.created.ID != "" }

// Created returns the performance as it was created.
func (p *Performance) Created() Create { return p.created }

// Layout of its seats, nil before it is created. It never changes, and anybody may
// keep it.
func (p *Performance) Layout() *events.Layout { return p.layout }

// NextDeadline implements [core.Core]: a performance has none.
func (p *Performance) NextDeadline() time.Time { return time.Time{} }

// Decide implements [core.Core].
func (p *Performance) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	create, ok := cmd.(*Create)
	if !ok {
		panic(fmt.Sprintf("performance: no rule for %T", cmd))
	}
	if fault := faultOf(create.Sections); fault != "" {
		return nil, &core.Refusal{Code: core.CodeInvalidField,
			Detail: fault, Fields: map[string]any{"field": "sections"}}
	}
	switch {
	case p.Exists() && create.same(&p.created):
		return nil, nil
	case p.Exists():
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a performance with this id exists and differs; choose another id"}
	}
	return []events.Fact{&events.PerformanceCreated{
		PerformanceID: create.ID, Title: create.Title, Venue: create.Venue, StartsAt: create.StartsAt.UTC(),
		HoldSeconds: create.HoldSeconds, LimitPerHolder: create.LimitPerHolder, WaitingRoom: create.WaitingRoom,
		Sections: create.Sections,
	}}, nil
}

// faultOf says what is wrong with the sections, "" if nothing is.
func faultOf(sections []events.Section) string {
	if len(sections) < 1 || len(sections) > MaxSections {
		return "sections must be 1 to 1,000"
	}
	seen, seats := make(map[events.SectionID]bool, len(sections)), int64(0)
	for i := range sections {
		s := &sections[i]
		switch {
		case s.ID == "" || strings.Contains(string(s.ID), "~"):
			return "a section needs an id, and it can't have a ~"
		case seen[s.ID]:
			return "there are two sections " + string(s.ID)
		case s.Rows < 1 || s.Rows > MaxSeats || s.SeatsPerRow < 1 || s.SeatsPerRow > MaxSeats:
			return "section " + string(s.ID) + " must have at least one row and one seat in a row"
		case s.Price < 0 || s.Price > MaxPrice:
			return "the price in section " + string(s.ID) + " must be from 0 to 1,000,000,000,000"
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > MaxSeats {
			return "a performance can have 100,000 seats, and these are more"
		}
	}
	return ""
}

func (c *Create) same(other *Create) bool {
	return c.ID == other.ID && c.Title == other.Title && c.Venue == other.Venue && c.StartsAt.Equal(other.StartsAt) &&
		c.HoldSeconds == other.HoldSeconds && c.LimitPerHolder == other.LimitPerHolder &&
		c.WaitingRoom == other.WaitingRoom && slices.Equal(c.Sections, other.Sections)
}

// Evolve implements [core.Core].
func (p *Performance) Evolve(fact events.Fact) {
	f, ok := fact.(*events.PerformanceCreated)
	if !ok || p.Exists() || f.PerformanceID == "" || faultOf(f.Sections) != "" {
		panic(fmt.Sprintf("performance %s: the log goes on with a %s", p.created.ID, fact.Name()))
	}
	p.create(Create{ID: f.PerformanceID, Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt, HoldSeconds: f.HoldSeconds,
		LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom, Sections: f.Sections})
}

func (p *Performance) create(created Create) {
	p.created, p.layout = created, events.NewLayout(created.Sections)
}

// Freeze implements [core.Core].
func (p *Performance) Freeze() func(io.Writer) error {
	created := p.created
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(created) }
}

// Restore implements [core.Core].
func (p *Performance) Restore(r io.Reader) error {
	var created Create
	if err := json.NewDecoder(r).Decode(&created); err != nil {
		return err
	}
	if created.ID != "" {
		p.create(created)
	}
	return nil
}
