package remote

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"admitone/events"
)

// TestCallWithRetry: requests are retried, with one key, while the log is unreachable. Other refusals, and
// a server that does not answer, are errors without a retry.
func TestCallWithRetry(t *testing.T) {
	keys := map[string]int{}
	var answers []int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys[r.Header.Get("Idempotency-Key")]++
		status := answers[0]
		answers = answers[1:]
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":%d,"code":"some_code","id":"x"}`, status)
	}))
	defer server.Close()
	log, err := New(server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	var created struct{ ID string }
	answers = []int{503, 503, 201}
	if err := log.CallWithRetry(t.Context(), http.MethodPost, "/v1/products", "{}", &created); err != nil || created.ID != "x" ||
		len(keys) != 1 || keys[""] != 0 {
		t.Errorf("CallWithRetry: %v, %+v, with the keys %v; want the id x and one key", err, created, keys)
	}
	answers = []int{503, 409}
	var refused *Problem
	if err := log.CallWithRetry(t.Context(), http.MethodPost, "/v1/products", "{}", &created); !errors.As(err, &refused) ||
		refused.Status != http.StatusConflict || len(keys) != 2 {
		t.Errorf("CallWithRetry: %v, with the keys %v; want status 409 and two keys", err, keys)
	}
	server.Close()
	if err := log.CallWithRetry(t.Context(), http.MethodPost, "/v1/products", "{}", &created); !errors.Is(err,
		events.ErrUnavailable) {
		t.Errorf("CallWithRetry without a server: %v, want events.ErrUnavailable", err)
	}
}
