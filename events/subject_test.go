package events

import (
	"reflect"
	"testing"
)

// TestSubjects: HoldOf and HolderOf return the fields HoldID and Holder, "" if a fact has none.
func TestSubjects(t *testing.T) {
	for name, fact := range golden {
		field := func(field string) string {
			if v := reflect.ValueOf(fact).Elem().FieldByName(field); v.IsValid() {
				return v.String()
			}
			return ""
		}
		if got, want := HoldOf(fact), HoldID(field("HoldID")); got != want {
			t.Errorf("HoldOf(%s) = %q, want %q", name, got, want)
		}
		if got, want := HolderOf(fact), Holder(field("Holder")); got != want {
			t.Errorf("HolderOf(%s) = %q, want %q", name, got, want)
		}
	}
	for _, test := range []struct {
		fact Fact
		want BookingID
	}{
		{&SeatBooked{HoldID: "b.2.1", BookingID: "b.2"}, "b.2"},
		{&SeatReleased{HoldID: "b.2.1"}, "b.2"},
		{&AllowanceKept{HoldID: "b.2.1"}, "b.2"},
		{&AllowanceKept{HoldID: "b"}, ""},
		{&WalletDebited{PaymentID: "b.2.1", BookingID: "b.2"}, "b.2"},
		{&WalletRefunded{PaymentID: "b.2.1", BookingID: "b.2"}, "b.2"},
		{&WalletCancelled{PaymentID: "b.2.1", BookingID: "b.2"}, "b.2"},
		{&BookingHeld{BookingID: "b.2"}, "b.2"},
		{&WalletCharged{ChargeID: "b.2.1"}, ""},
		{&SeatBlocked{}, ""},
	} {
		if got := BookingOf(test.fact); got != test.want {
			t.Errorf("BookingOf(%#v) = %q, want %q", test.fact, got, test.want)
		}
	}
}
