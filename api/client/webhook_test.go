package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCheckWebhook: the example of the Standard Webhooks specification, and faulty deliveries.
func TestCheckWebhook(t *testing.T) {
	const secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`
	at := time.Unix(1614265330, 0)
	header := func(change func(http.Header)) http.Header {
		h := http.Header{}
		h.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
		h.Set("webhook-timestamp", "1614265330")
		h.Set("webhook-signature", "v1,AAAA v2,g0hM v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
		change(h)
		return h
	}
	if _, err := checkWebhook(secret, header(func(http.Header) {}), []byte(body), at.Add(4*time.Minute)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		secret, body string
		now          time.Time
		change       func(http.Header)
	}{
		"a different secret":  {"whsec_AAAA", body, at, func(http.Header) {}},
		"a different body":    {secret, body + " ", at, func(http.Header) {}},
		"a different id":      {secret, body, at, func(h http.Header) { h.Set("webhook-id", "msg") }},
		"a different time":    {secret, body, at, func(h http.Header) { h.Set("webhook-timestamp", "1614265331") }},
		"no time":             {secret, body, at, func(h http.Header) { h.Del("webhook-timestamp") }},
		"an old one":          {secret, body, at.Add(6 * time.Minute), func(http.Header) {}},
		"one to come":         {secret, body, at.Add(-6 * time.Minute), func(http.Header) {}},
		"no signature":        {secret, body, at, func(h http.Header) { h.Del("webhook-signature") }},
		"a different version": {secret, body, at, func(h http.Header) { h.Set("webhook-signature", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") }},
	} {
		if _, err := checkWebhook(c.secret, header(c.change), []byte(c.body), c.now); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: got %v; want error %v", name, err, ErrBadSignature)
		}
	}
	if _, err := checkWebhook("none!", header(func(http.Header) {}), []byte(body), at); err == nil ||
		errors.Is(err, ErrBadSignature) {
		t.Errorf("an invalid secret: %v, want an error", err)
	}
	e := `{"id":"01a2","type":"product.reserved.v1","position":22,"data":{"quantity":1}}`
	h := header(func(h http.Header) {
		h.Set("webhook-signature", sign(t, secret, h, e))
	})
	event, err := checkWebhook(secret, h, []byte(e), at)
	if err != nil || event.Position != 22 || event.Type != "product.reserved.v1" || string(event.Data) != `{"quantity":1}` {
		t.Errorf("CheckWebhook = %+v, %v; want event 22 with quantity 1", event, err)
	}
}

// sign returns the signature of a delivery.
func sign(t *testing.T, secret string, h http.Header, body string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
