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

// fakeDesk has one product, records the requests and answers them with answer.
type fakeDesk struct {
	product  core.Core
	answer   func(core.Command) (actors.Answer, error)
	requests []actors.Request
}

func newFakeDesk(answer func(core.Command) (actors.Answer, error)) *fakeDesk {
	d := &fakeDesk{product: product.New(), answer: answer}
	d.product.Evolve(&events.ProductCreated{ProductID: "tee", DisplayName: "Tee", Stock: 9, HoldSeconds: 60})
	return d
}

func (d *fakeDesk) Ask(_ context.Context, request actors.Request) (actors.Answer, error) {
	d.requests = append(d.requests, request)
	return d.answer(request.Command)
}

func (d *fakeDesk) View(_ context.Context, _ events.StreamID, read func(core.Core)) (actors.Answer, error) {
	read(d.product)
	return actors.Answer{}, nil
}

// TestOverloadedCancellation: once the cancellation is announced, a failure is not a refusal, because Run
// completes it.
func TestOverloadedCancellation(t *testing.T) {
	for name, busy := range map[string]func(core.Command) bool{
		"announcement": func(cmd core.Command) bool { _, is := cmd.(*calloff.Begin); return is },
		"fence":        func(cmd core.Command) bool { _, is := cmd.(*product.Cancel); return is },
	} {
		desk := newFakeDesk(func(cmd core.Command) (actors.Answer, error) {
			if busy(cmd) {
				return actors.Answer{}, actors.ErrOverloaded
			}
			return actors.Answer{Replayed: true, Position: 7}, nil
		})
		want := map[string]error{"announcement": actors.ErrOverloaded, "fence": actors.ErrUnavailable}[name]
		s := New(Config{Desk: desk})
		_, err := s.CallOff(t.Context(), actors.Request{ID: "r"}, events.ProductCategory, "tee", "recall")
		if !errors.Is(err, want) || name == "fence" && errors.Is(err, actors.ErrOverloaded) {
			t.Errorf("overloaded at the %s: error %v, want %v", name, err, want)
		}
	}
}

// TestEndedReservationsNeedNoKey: a sweep does not use up the product's window of keys.
func TestEndedReservationsNeedNoKey(t *testing.T) {
	desk := newFakeDesk(func(core.Command) (actors.Answer, error) { return actors.Answer{}, nil })
	r := &row.Reservation{ProductID: "tee"}
	r.ID = events.ReservationID(actors.NewID().String())
	if err := New(Config{Desk: desk}).endReservation(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, keyed := desk.requests[0].ID.Key(); keyed || desk.requests[0].ID == "" {
		t.Errorf("the command's id is %q, want one without a key", desk.requests[0].ID)
	}
}

// TestPanicOfOneItem: a panic is an error of the affected item; the others are completed.
func TestPanicOfOneItem(t *testing.T) {
	done := false
	err := concurrently([]func() error{func() error { panic("broken") }, func() error { done = true; return nil }})
	if !errors.Is(err, actors.ErrBroken) || !done {
		t.Errorf("concurrently: error %v, other item done = %t; want %v, true", err, done, actors.ErrBroken)
	}
}
