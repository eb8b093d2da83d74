package api

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"admitone/api/payments"
	"admitone/events"
)

func init() {
	cells["checkout"] = func(m *matrix, owner string) cell {
		return cell{parts: []string{m.booking(owner)}, body: newCheckout}
	}
	cells["takeStripeEvent"] = func(*matrix, string) cell { return cell{body: `{"id":"evt_1","type":"x"}`} }
	answersOfKinds = append(answersOfKinds, exerciseCheckouts)
}

// newCheckout is the body of a request for a payment page.
const newCheckout = `{"success_url":"https://shop.example/paid","cancel_url":"https://shop.example/basket"}`

// trustingProvider is a provider that creates pages, and accepts any report as genuine.
type trustingProvider struct{}

func (trustingProvider) Name() events.Provider { return "stripe" }

func (trustingProvider) OpenPage(_ context.Context, page *payments.Page) (payments.Session, error) {
	return payments.Session{ID: "cs_" + string(page.Intent), URL: "https://pay.example/" + string(page.Intent)}, nil
}

func (trustingProvider) ClosePage(context.Context, string) error { return nil }

func (trustingProvider) Read(_ func(string) string, body []byte) (report payments.Report, err error) {
	if json.Unmarshal(body, &report) != nil {
		err = payments.ErrForged
	}
	return report, err
}

func (trustingProvider) Refunds(context.Context, string) ([]payments.Refund, error) { return nil, nil }

func (trustingProvider) Refund(_ context.Context, order *payments.RefundOrder) (payments.Refund, error) {
	return payments.Refund{Payment: order.Payment, Reference: "re_" + string(order.ID), ID: order.ID,
		Status: payments.RefundSucceeded}, nil
}

// exerciseCheckouts sends every kind of request about a provider's pages.
func exerciseCheckouts(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	t.Helper()
	id := send("POST", "/v1/performances/hall/bookings", `{"holder":"eve","seats":["A-2-3"]}`).is(201)["id"].(string)
	path := "/v1/bookings/" + id + "/checkout"
	first := send("POST", path, newCheckout).is(201)
	repeated := send("POST", path, `{"success_url":"https://shop.example","cancel_url":"https://shop.example"}`).is(200)
	if first["url"] != repeated["url"] || first["expires_at"] != repeated["expires_at"] {
		t.Errorf("repeated: got %v, want the url and expires_at of %v", repeated, first)
	}
	for field, body := range map[string]string{
		"success_url": `{"success_url":"shop.example","cancel_url":"https://shop.example"}`,
		"cancel_url":  `{"success_url":"https://shop.example"}`,
	} {
		if got := send("POST", path, body).problem(422, "invalid_field"); got["field"] != field {
			t.Errorf("%s: got field %v, want %v", body, got["field"], field)
		}
	}
	send("POST", "/v1/bookings/none/checkout", newCheckout).problem(404, "not_found")
	send("POST", "/v1/payments/stripe", "no JSON").problem(403, "forbidden")
	paid := send("POST", "/v1/payments/stripe", fmt.Sprintf(`{"ID":"evt_1","Paid":{"Booking":%q,"Reference":"pi_eve","Amount":100,`+
		`"Currency":"EUR"}}`, id))
	if paid.status != 200 || paid.text != "" {
		t.Errorf("%s: got %d %s; want 200 and an empty body", paid.what, paid.status, paid.text)
	}
	send("POST", path, newCheckout).problem(409, "already_confirmed")
	send("DELETE", "/v1/bookings/"+id, "").is(200)
	send("POST", path, newCheckout).problem(410, "released")
}
