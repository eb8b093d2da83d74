package cli

import (
	"net/http"
	"strings"
	"testing"

	"admitone/cmd/admitone/load"
)

func TestLoadSale(t *testing.T) {
	store := t.TempDir()
	server := launch(t, store, "--currency", "EUR")
	r := runLoad[load.SaleProof](t, exitDone, server.url, "--scenario", "sale", "--buyers", "120", "--sale-seats", "80",
		"--opens-in", "1", "--sale-hold-seconds", "2")
	p := r.Proof
	if len(p.Wrong) != 0 || p.InLog != 80 || p.Cancelled == 0 || p.Cancelled+p.Expired != p.InLog || p.Paid == 0 ||
		p.Payments <= p.Paid || p.Received == 0 || p.Received != p.Taken || p.Refunded != p.PaidBack ||
		p.Refunded != p.Received {
		t.Errorf("report %+v, proof %+v; want no differences, 80 bookings, all cancelled or expired, payments with repetitions, "+
			"everything taken received, and everything received refunded and paid back", r, p)
	}
	server.kill()
	runVerify(t, exitDone, "--store", store)
}

// TestLoadSaleFindsWrongAnswers runs load through a proxy that falsifies one kind of answers; the proof
// finds it.
func TestLoadSaleFindsWrongAnswers(t *testing.T) {
	server := launch(t, t.TempDir(), "--currency", "EUR")
	for _, test := range []struct {
		about, path, truth, lie, wrong string
	}{
		{"says that nothing was booked", "/payment", `"outcome":"booked"`, `"outcome":"refund_owed"`,
			"has booked something: true"},
		{"owes too little", "/v1/refunds", `"amount":4700`, `"amount":4600`, "paid 4600 back"},
	} {
		url := startProxy(t, server.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
			if !strings.HasSuffix(r.URL.Path, test.path) {
				return false
			}
			answer := pass()
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.WriteHeader(answer.Code)
			_, err := w.Write([]byte(strings.Replace(answer.Body.String(), test.truth, test.lie, 1)))
			return err == nil
		})
		r := runLoad[load.SaleProof](t, exitProblemsFound, url, "--scenario", "sale", "--buyers", "30", "--sale-seats", "30",
			"--opens-in", "1", "--sale-hold-seconds", "1")
		if !strings.Contains(strings.Join(r.Proof.Wrong, "\n"), test.wrong) {
			t.Errorf("%s: differences = %q, want %q", test.about, r.Proof.Wrong, test.wrong)
		}
	}
}

// TestLoadSaleNeedsACurrency: the scenario is a usage error for a server whose log has no currency.
func TestLoadSaleNeedsACurrency(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	if _, stderr := must(t, exitUsage, "load", "--against", s.url, "--scenario", "sale"); !strings.Contains(stderr,
		"--currency") {
		t.Errorf("stderr %q; want %q", stderr, "--currency")
	}
}
