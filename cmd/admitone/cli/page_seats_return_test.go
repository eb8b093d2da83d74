package cli

import (
	"context"
	"testing"
)

// oneReturned: one of several seats of a paid booking can be returned, by two clicks. The last seat has no
// button of its own.
func oneReturned(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"hold_seconds":300`, [4]any{"A", 1, 4, 5000})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":10000}`)
	ada := guest(t, browser, s.url, "ada")
	ada.click(seatButton("A-1-1"))
	ada.click(seatButton("A-1-2"))
	ada.click(act("book"))
	parts := myBookings + `.querySelector("details")`
	ada.wait(parts + `?.hidden`) // an unpaid booking can only be released as a whole
	ada.click(act("pay"))
	ada.waitText(balance, "€0.00")
	ada.click(parts + `.querySelector("summary")`)
	ada.pressTwice(parts + `.querySelector('[data-seat="A-1-2"]')`)
	ada.waitText(balance, "€50.00")
	ada.waitSeat("A-1-2", "free")
	ada.wait(parts + `.hidden && !` + parts + `.querySelector("button")`)
	ada.wait(`document.activeElement !== document.body`)
	if got := s.bookingsOf("ada"); len(got) != 1 || got[0] != "A-1-1 booked" {
		t.Errorf("the server has the bookings %q, want %q", got, "A-1-1 booked")
	}
}
