package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/usage"
	"admitone/projections/verify"
)

// TestCurrencyIsNamedOnce: a log keeps the currency that is named first. Another or an unknown currency is a usage
// error.
func TestCurrencyIsNamedOnce(t *testing.T) {
	store := t.TempDir()
	start := func(code string) (*Server, error) {
		return Start(Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{}, IdleAfter: patience,
			Currency: code, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	}
	for i, step := range []struct {
		code, ready, page string
		digits            any
		refused           bool
	}{
		{code: "", ready: "assumed", page: `data-currency="EUR" data-digits="2"`},
		{code: "krw", refused: true},
		{code: "KRWS", refused: true},
		{code: " KRW", refused: true},
		{code: "XXX", refused: true},
		{code: "410", refused: true},
		{code: "KRW", ready: "KRW", digits: 0.0, page: `data-currency="KRW" data-digits="0"`},
		{code: "EUR", refused: true},
		{code: "", ready: "KRW", digits: 0.0, page: `data-currency="KRW" data-digits="0"`},
		{code: "KRW", ready: "KRW", digits: 0.0, page: `data-currency="KRW" data-digits="0"`},
	} {
		s, err := start(step.code)
		if step.refused {
			if wrong := (usage.Error{}); !errors.As(err, &wrong) {
				t.Fatalf("currency %q: %v, want a usage error", step.code, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		send(t, s, "PUT", fmt.Sprintf("/v1/waiting-rooms/r%d", i),
			`{"admit_per_second":1,"max_active":1,"active_seconds":600,"heartbeat_seconds":600,"status":"open"}`)
		ready := map[string]any{}
		for end := time.Now().Add(patience); ready["status"] != "ready" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			clear(ready)
			if err := json.Unmarshal([]byte(get(t, s, "/readyz")), &ready); err != nil {
				t.Fatal(err)
			}
		}
		if ready["currency"] != step.ready || ready["currency_digits"] != step.digits {
			t.Errorf("%q: /readyz has the currency %v with %v digits, want %v with %v", step.code, ready["currency"],
				ready["currency_digits"], step.ready, step.digits)
		}
		if body := get(t, s, "/"); !strings.Contains(body, step.page) {
			t.Errorf("%q: the page is %s\nwant it to contain %s", step.code, body, step.page)
		}
		if _, err := verify.Log(t.Context(), s.Log, true, nil); err != nil {
			t.Errorf("%q: verify.Log = %v, want no violation", step.code, err)
		}
		end(t, s)
	}
}

// get returns the body of a GET's answer.
func get(t *testing.T, s *Server, path string) string {
	t.Helper()
	response, err := http.Get("http://" + s.Address() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
