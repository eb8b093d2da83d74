package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Plan is the fold of a seating plan's stream, without its text.
type Plan struct {
	ID events.PlanID
	// Name of the hall, and its numbers of seats and places; they are set when the plan is sealed.
	Name          string
	Seats, Places int64
	// Sealed means that the plan is complete. An incomplete plan is not shown.
	Sealed bool
	// Digest is that of the complete text; Bytes and Parts are the size of the text so far.
	Digest       string
	Bytes, Parts int64
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the last event, which is the seal for a sealed plan.
	Created time.Time
}

// Apply applies the next event of the plan's stream, as [Product.Apply] does.
func (p *Plan) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return p.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (p *Plan) ApplyFact(e *events.Recorded, fact events.Fact) error {
	at := revisionOf(p.ID != "", p.Revision)
	if done, err := CheckNext(e, fact, at, at == events.NoStream); done || err != nil {
		return err
	}
	next := *p
	switch f := fact.(type) {
	case *events.PlanPartAdded:
		if f.Offset == 0 {
			next = Plan{Digest: f.Digest}
		}
		if p.Sealed || f.Text == "" || f.Digest != next.Digest || f.Offset != next.Bytes {
			return fmt.Errorf("%w: position %d: a part at %d of %s", ErrViolated, e.Position, f.Offset, e.Stream)
		}
		next.ID, next.Bytes, next.Parts = f.PlanID, next.Bytes+int64(len(f.Text)), next.Parts+1
	case *events.PlanSealed:
		if p.Sealed || f.Digest != p.Digest || f.Bytes != p.Bytes {
			return fmt.Errorf("%w: position %d: %s is sealed at %d of %d bytes", ErrViolated, e.Position, e.Stream, p.Bytes,
				f.Bytes)
		}
		next.Sealed, next.Name, next.Seats, next.Places = true, f.DisplayName, f.Seats, f.Places
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	next.Revision, next.Position, next.Created = e.Revision, e.Position, e.Created
	*p = next
	return nil
}

// AppendPlan appends the record of a plan: all but the id.
func AppendPlan(dst []byte, p *Plan) []byte {
	dst = AppendString(AppendString(dst, p.Name), p.Digest)
	sealed := int64(0)
	if p.Sealed {
		sealed = 1
	}
	for _, n := range [...]int64{p.Seats, p.Places, sealed, p.Bytes, p.Parts, int64(p.Revision), int64(p.Position)} {
		dst = AppendInt(dst, n)
	}
	return AppendTime(dst, p.Created)
}

// DecodePlan reads what [AppendPlan] wrote. Error: [ErrRecord].
func DecodePlan(id string, record []byte) (Plan, error) {
	r := NewReader(record)
	p := Plan{
		ID:       events.PlanID(id),
		Name:     r.Text(),
		Digest:   r.Text(),
		Seats:    r.Int(),
		Places:   r.Int(),
		Sealed:   r.Int() == 1,
		Bytes:    r.Int(),
		Parts:    r.Int(),
		Revision: events.Revision(r.Int()),
		Position: events.Position(r.Int()),
		Created:  r.Time(),
	}
	return p, r.Done()
}

// PlanAt folds a plan up to a position; nil if it was not sealed by then. Errors: those of [Plan.Apply];
// the store's.
func PlanAt(ctx context.Context, store events.Store, id events.PlanID, position events.Position) (*Plan, error) {
	p, err := foldAt(ctx, store, events.PlanStream(id), position, (*Plan).Apply)
	if err != nil || p == nil || !p.Sealed {
		return nil, err
	}
	return p, nil
}
