package replay

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCheckTargetEmpty: a target that does not list its events is an error, not an empty target.
func TestCheckTargetEmpty(t *testing.T) {
	for _, test := range []struct {
		status          int
		body            string
		refused, filled bool
	}{
		{200, `{"items":[]}`, false, false},
		{200, `{"items":[{"position":1,"stream":"product-tee"}]}`, false, true},
		{200, `{"items":[{"position":1,"stream":"settings-sale"},{"position":2,"stream":"product-tee"}]}`, false, true},
		{200, `{"items":[{"position":1,"stream":"settings-sale"}]}`, false, false},
		{401, `{"code":"unauthorized"}`, true, false},
		{403, `{"code":"forbidden"}`, true, false},
		{404, `{"code":"not_found"}`, true, false},
		{500, `{}`, true, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		}))
		r := &runner{target: newTarget(server.URL, "", 1), report: &Report{}}
		err := r.checkTargetEmpty(t.Context())
		if (err != nil) != test.refused || r.report.NotEmpty != test.filled {
			t.Errorf("status %d, %s: NotEmpty = %t, error %v; want %t, an error: %t", test.status, test.body,
				r.report.NotEmpty, err, test.filled, test.refused)
		}
		server.Close()
	}
}
