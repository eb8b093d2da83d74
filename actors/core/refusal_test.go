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

// TestFieldsOfRefusals checks that the methods of Fields return the members, and zero values for
// absent ones.
func TestFieldsOfRefusals(t *testing.T) {
	if room := events.RoomID(RequirePass("sale", "").Fields.WaitingRoom()); room != "sale" {
		t.Errorf("WaitingRoom() = %q, want sale", room)
	}
	f := Fields{"resource": "team", "field": "holder", "seats": []events.SeatName{"A-1-1"}, "taken": int64(0)}
	if f.Resource() != "team" || f.Field() != "holder" || len(f.Seats()) != 1 || !f.HasTaken() {
		t.Errorf("members = %q, %q, %q, taken %t; want those of %v", f.Resource(), f.Field(), f.Seats(), f.HasTaken(), f)
	}
	if f = (Fields{"seats": 1}); f.Resource() != "" || f.Field() != "" || f.WaitingRoom() != "" || f.Seats() != nil ||
		f.HasTaken() {
		t.Errorf("members = %q, %q, %q, %q, taken %t; want none of %v", f.Resource(), f.Field(), f.WaitingRoom(),
			f.Seats(), f.HasTaken(), f)
	}
}
