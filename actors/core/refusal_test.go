package core

import (
	"errors"
	"fmt"
	"testing"
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
