package sweeps

import (
	"context"
	"errors"
	"testing"

	"admitone/actors"
	"admitone/actors/calloff"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections/row"
)

// fixedDesk has one product, and records the requests.
type fixedDesk struct {
	product core.Core
	answer  func(core.Command) (actors.Answer, error)
	asked   []actors.Request
}

func newFixedDesk(answer func(core.Command) (actors.Answer, error)) *fixedDesk {
	d := &fixedDesk{product: product.New(), answer: answer}
	d.product.Evolve(&events.ProductCreated{ProductID: "tee", DisplayName: "Tee", Stock: 9, HoldSeconds: 60})
	return d
}

func (d *fixedDesk) Ask(_ context.Context, request actors.Request) (actors.Answer, error) {
	d.asked = append(d.asked, request)
	return d.answer(request.Command)
}

func (d *fixedDesk) View(_ context.Context, _ events.StreamID, read func(core.Core)) (actors.Answer, error) {
	read(d.product)
	return actors.Answer{}, nil
}

// TestOverloadedCancellation: the cancellation is announced and will be made, so the result is not a
// refusal.
func TestOverloadedCancellation(t *testing.T) {
	for name, busy := range map[string]func(core.Command) bool{
		"announcement": func(cmd core.Command) bool { _, is := cmd.(*calloff.Begin); return is },
		"fence":        func(cmd core.Command) bool { _, is := cmd.(*product.Cancel); return is },
	} {
		desk := newFixedDesk(func(cmd core.Command) (actors.Answer, error) {
			if busy(cmd) {
				return actors.Answer{}, actors.ErrOverloaded
			}
			return actors.Answer{Replayed: true, Position: 7}, nil
		})
		want := map[string]error{"announcement": actors.ErrOverloaded, "fence": actors.ErrUnavailable}[name]
		s := New(Config{Desk: desk})
		_, err := s.CallOff(t.Context(), actors.Request{ID: "r"}, events.ProductCategory, "tee", "recall")
		if !errors.Is(err, want) || name == "fence" && errors.Is(err, actors.ErrOverloaded) {
			t.Errorf("overloaded at the %s: %v", name, err)
		}
	}
}

// TestEndedReservationsNeedNoKey: a sweep does not use up the product's window of keys.
func TestEndedReservationsNeedNoKey(t *testing.T) {
	desk := newFixedDesk(func(core.Command) (actors.Answer, error) { return actors.Answer{}, nil })
	r := &row.Reservation{ProductID: "tee"}
	r.ID = events.ReservationID(actors.NewID().String())
	if err := New(Config{Desk: desk}).endReservation(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, keyed := desk.asked[0].ID.Key(); keyed || desk.asked[0].ID == "" {
		t.Errorf("requested under %q", desk.asked[0].ID)
	}
}

// TestPanicOfOneItem: a panic is an error of the affected item; the others are completed.
func TestPanicOfOneItem(t *testing.T) {
	done := false
	err := concurrently([]func() error{func() error { panic("broken") }, func() error { done = true; return nil }})
	if !errors.Is(err, actors.ErrBroken) || !done {
		t.Errorf("%v, and the other is done: %t", err, done)
	}
}
