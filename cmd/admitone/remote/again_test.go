package remote

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"admitone/events"
)

// TestCallAgain: requests are retried, with one key, while the log is briefly unreachable; other
// refusals, and a server that does not answer, are immediate errors.
func TestCallAgain(t *testing.T) {
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
	var made struct{ ID string }
	answers = []int{503, 503, 201}
	if err := log.CallAgain(t.Context(), http.MethodPost, "/v1/products", "{}", &made); err != nil || made.ID != "x" ||
		len(keys) != 1 || keys[""] != 0 {
		t.Errorf("CallAgain: %v, %+v, under the keys %v; want ID = 'x', one key and keys[] = 0", err, made, keys)
	}
	answers = []int{503, 409}
	var refused *Problem
	if err := log.CallAgain(t.Context(), http.MethodPost, "/v1/products", "{}", &made); !errors.As(err, &refused) ||
		refused.Status != http.StatusConflict || len(keys) != 2 {
		t.Errorf("CallAgain: %v, under the keys %v", err, keys)
	}
	server.Close()
	if err := log.CallAgain(t.Context(), http.MethodPost, "/v1/products", "{}", &made); !errors.Is(err,
		events.ErrUnavailable) {
		t.Errorf("without a server: %v", err)
	}
}
