package core

import (
	"errors"
	"fmt"
	"testing"

	"admitone/events"
)

func TestRefusalIsAnError(t *testing.T) {
	sold := &Refusal{Code: "sold_out", Detail: "No unit is left; 3 are on hold."}
	if got, want := sold.Error(), "sold_out: No unit is left; 3 are on hold."; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	var found *Refusal
	if !errors.As(fmt.Errorf("reserving: %w", sold), &found) || found != sold {
		t.Errorf("errors.As found %v, want the refusal itself", found)
	}
}

// TestFieldsOfRefusals: the methods of Fields return what refusals are made with.
func TestFieldsOfRefusals(t *testing.T) {
	if room := events.RoomID(RequirePass("sale", "").Fields.WaitingRoom()); room != "sale" {
		t.Errorf("the room is %q, want sale", room)
	}
	f := Fields{"resource": "team", "field": "holder", "seats": []events.SeatName{"A-1-1"}, "taken": int64(0)}
	if f.Resource() != "team" || f.Field() != "holder" || len(f.Seats()) != 1 || !f.HasTaken() {
		t.Errorf("members of %v = %q, %q, %q, %t; want those it was made with", f, f.Resource(), f.Field(), f.Seats(), f.HasTaken())
	}
	if f = (Fields{"seats": 1}); f.Resource() != "" || f.Field() != "" || f.WaitingRoom() != "" || f.Seats() != nil ||
		f.HasTaken() {
		t.Errorf("%v returned members that are absent", f)
	}
}
