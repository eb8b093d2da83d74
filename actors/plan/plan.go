package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers seating plans with the shell.
var Kind = core.Kind{Category: events.PlanCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the plan with this id.
func Stream(id events.PlanID) events.StreamID { return events.PlanStream(id) }

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// AddPart stores a part of the plan's text. No-op for a part that is stored already. Refusal: already_exists (a
// different plan, or there is a gap between the stored parts and Offset).
type AddPart struct {
	ID events.PlanID
	// Digest of the whole text.
	Digest string
	// Offset of the part in the text, in bytes. With 0, a different plan that is not sealed is replaced.
	Offset int64
	Text   string
}

// Seal completes the plan. Idempotent. Refusal: already_exists (a different plan, or parts are missing).
type Seal struct {
	ID          events.PlanID
	Digest      string
	Bytes       int64
	DisplayName string
	// Seats is the number of numbered seats, Places the number of places in areas for sale.
	Seats, Places int64
}

// State is the state of a plan.
type State struct {
	ID     events.PlanID
	Digest string
	// Bytes is the size of the stored text.
	Bytes int64
	// Sealed: the text is complete, and the following fields are set.
	Sealed        bool
	DisplayName   string
	Seats, Places int64
}

// Plan is the state and the rules of one plan. It implements [core.Core].
type Plan struct{ state State }

// New returns a plan without parts.
func New() core.Core { return &Plan{} }

// State returns the state of the plan.
func (p *Plan) State() State { return p.state }

var errExists = &core.Refusal{Code: core.CodeAlreadyExists,
	Detail: "a different plan with this id exists or is being uploaded; choose another id"}

// Decide implements [core.Core].
func (p *Plan) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *AddPart:
		return p.addPart(cmd)
	case *Seal:
		return p.seal(cmd)
	}
	panic(fmt.Sprintf("plan: no rule for %T", cmd))
}

func (p *Plan) addPart(cmd *AddPart) ([]events.Fact, error) {
	same := cmd.Digest == p.state.Digest
	switch {
	case p.state.Sealed && same:
		return nil, nil
	case p.state.Sealed || !same && cmd.Offset != 0 || same && cmd.Offset > p.state.Bytes:
		return nil, errExists
	}
	text, offset := cmd.Text, cmd.Offset
	if stored := p.state.Bytes - cmd.Offset; same && stored > 0 {
		if stored >= int64(len(text)) {
			return nil, nil
		}
		text, offset = text[stored:], p.state.Bytes
	}
	return []events.Fact{&events.PlanPartAdded{PlanID: cmd.ID, Digest: cmd.Digest, Offset: offset, Text: text}}, nil
}

func (p *Plan) seal(cmd *Seal) ([]events.Fact, error) {
	switch {
	case cmd.Digest != p.state.Digest || cmd.Bytes != p.state.Bytes:
		return nil, errExists
	case p.state.Sealed:
		return nil, nil
	}
	return []events.Fact{&events.PlanSealed{PlanID: cmd.ID, Digest: cmd.Digest, Bytes: cmd.Bytes,
		DisplayName: cmd.DisplayName, Seats: cmd.Seats, Places: cmd.Places}}, nil
}

// Evolve implements [core.Core].
func (p *Plan) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.PlanPartAdded:
		begins := f.Offset == 0
		follows := f.Digest == p.state.Digest && f.Offset == p.state.Bytes
		p.must(fact, !p.state.Sealed && f.Text != "" && (begins || follows))
		p.state = State{ID: f.PlanID, Digest: f.Digest, Bytes: f.Offset + int64(len(f.Text))}
	case *events.PlanSealed:
		p.must(fact, !p.state.Sealed && f.Digest == p.state.Digest && f.Bytes == p.state.Bytes && f.Bytes > 0)
		p.state.Sealed, p.state.DisplayName = true, f.DisplayName
		p.state.Seats, p.state.Places = f.Seats, f.Places
	default:
		p.must(fact, false)
	}
}

// must panics if the fact is not valid.
func (p *Plan) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("plan %s: unexpected fact %s", p.state.ID, fact.Name()))
	}
}

// NextDeadline implements [core.Core]. A plan has no deadlines.
func (p *Plan) NextDeadline() time.Time { return time.Time{} }

// Freeze implements [core.Core].
func (p *Plan) Freeze() func(io.Writer) error {
	state := p.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (p *Plan) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&p.state) }
