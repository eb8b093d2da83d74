package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestUnansweredReports: a report that is never answered is a fault, even if an earlier report was answered.
func TestUnansweredReports(t *testing.T) {
	for _, test := range []struct {
		answered, reports int
		wrong             string
	}{{2, 2, ""}, {1, 1, ""}, {0, 1, "report 1 of 1 "}, {1, 2, "report 2 of 2 "}} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if requests++; requests > test.answered {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, `{"outcome":"booked"}`)
		}))
		crowd, err := newCrowd(&Plan{Against: server.URL, Connections: 1})
		if err != nil {
			t.Fatal(err)
		}
		p := newProvider("bank", "EUR")
		p.report(crowd.members[0], &charge{reference: "r", booking: "b", amount: 1, reports: test.reports})
		server.Close()
		if got := strings.Join(p.wrong, "\n"); !strings.HasPrefix(got, test.wrong) || (got == "") != (test.wrong == "") {
			t.Errorf("%d of %d reports are answered: got fault %q, want prefix %q", test.answered, test.reports, got, test.wrong)
		}
	}
}
