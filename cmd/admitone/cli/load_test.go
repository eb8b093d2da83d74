package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"admitone/cmd/admitone/load"
)

// reportOf is a report of load with the proof of its scenario.
type reportOf[P any] struct {
	load.Report
	Proof *P `json:"proof"`
}

// runLoad runs load against an address, with the exit status want, and decodes its report.
func runLoad[P any](t *testing.T, want int, address string, args ...string) reportOf[P] {
	t.Helper()
	stdout, stderr := must(t, want, append([]string{"load", "--json", "--against", address, "--connections", "16"},
		args...)...)
	var r reportOf[P]
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Proof == nil {
		t.Fatalf("%v: %s%s; want a Proof", err, stdout, stderr)
	}
	return r
}

func TestLoad(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	r := runLoad[load.ProductProof](t, exitDone, s.url, "--requests", "2000", "--stock", "700")
	if r.Acknowledged != 700 || r.Codes["201"] != 700 || r.Codes["409 sold_out"] != 1300 || r.Answers != 2000 ||
		r.P50 <= 0 || r.Max < r.P99 || r.P99 < r.P50 {
		t.Errorf("the report is %+v; want 2000 answers, 700 acknowledged with 201, 1300 sold_out, and 0 < p50 and p99 <= max", r)
	}
	if p := r.Proof; p.Events != 701 || p.InLog != 700 || p.Sold != 700 || p.Remaining != 0 || p.Unknown != 0 ||
		len(p.Wrong) != 0 {
		t.Errorf("the proof is %+v; want 701 events, 700 in the log and sold, 0 remaining, 0 unknown and no differences", p)
	}
	r = runLoad[load.ProductProof](t, exitDone, s.url, "--requests", "900", "--stock", "5000", "--holds", "0.5")
	if p := r.Proof; r.Acknowledged != 900 || p.Sold != 600 || p.Held != 150 || p.Remaining != 4250 ||
		r.Codes["200"] != 300 {
		t.Errorf("report %+v, proof %+v; want 900 acknowledged, 600 sold, 150 held, 4250 remaining and 300 answers 200", r, p)
	}
	if r = runLoad[load.ProductProof](t, exitDone, s.url, "--duration", "200ms"); r.Acknowledged == 0 ||
		r.Acknowledged != r.Proof.InLog {
		t.Errorf("%d are acknowledged and %d are in the log, want equal numbers above 0", r.Acknowledged, r.Proof.InLog)
	}
	r = runLoad[load.ProductProof](t, exitDone, s.url, "--requests", "100", "--rate", "1000")
	if r.Acknowledged != 100 || r.Seconds < 0.099 || r.Paced != 1000 || r.P999 < r.P99 {
		t.Errorf("the report is %+v; want 100 acknowledged, at least 0.099 s, a rate of 1000 and p99 <= p99.9", r)
	}
	for _, wrong := range [][]string{{"--rate", "-1"}, {"--rate", "100", "--scenario", "waiting-room"}} {
		must(t, exitUsage, append([]string{"load", "--against", s.url}, wrong...)...)
	}
	if stdout, _ := must(t, exitDone, "load", "--against", s.url, "--requests", "50"); !strings.Contains(stdout,
		"proved: ") || !strings.Contains(stdout, "50  201") {
		t.Errorf("stdout %q; want %q and %q", stdout, "proved: ", "50  201")
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// passFunc forwards a request to the server, and returns the answer without sending it.
type passFunc func() *httptest.ResponseRecorder

// startProxy starts a proxy for a server and returns its URL. The proxy forwards the requests for which
// lie returns false. To the others lie has written an answer; it may call pass for that of the server.
func startProxy(t *testing.T, address string,
	lie func(w http.ResponseWriter, r *http.Request, pass passFunc) bool) (proxyURL string) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass := func() *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			proxy.ServeHTTP(answer, r)
			return answer
		}
		if !lie(w, r, pass) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestLoadFindsWrongAnswers runs load through a proxy that falsifies answers. The proof finds wrong answers,
// but accepts lost ones.
func TestLoadFindsWrongAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	for _, test := range []struct {
		about string
		// lie returns whether it has answered the nth reservation.
		lie   func(w http.ResponseWriter, pass func() string, n int64) bool
		want  int
		wrong string
	}{
		{"acknowledges what it has not done", func(w http.ResponseWriter, _ func() string, n int64) bool {
			if n != 7 {
				return false
			}
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"id":"01a201a7-afd0-7e61-b5f9-b1fbfa6d76d3"}`)
			return true
		}, exitProblemsFound, "is not in the log"},
		{"acknowledges one twice", func() func(w http.ResponseWriter, pass func() string, n int64) bool {
			var kept atomic.Value
			return func(w http.ResponseWriter, pass func() string, n int64) bool {
				before, _ := kept.Load().(string)
				if before == "" {
					before = pass()
					kept.Store(before)
				}
				w.WriteHeader(http.StatusCreated)
				io.WriteString(w, before)
				return true
			}
		}(), exitProblemsFound, "was acknowledged twice"},
		{"refuses what it has done", func(w http.ResponseWriter, pass func() string, n int64) bool {
			pass()
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `{"code":"sold_out"}`)
			return true
		}, exitProblemsFound, "were not acknowledged, and only 0 outcomes are unknown"},
		{"acknowledges nothing in particular", func(w http.ResponseWriter, pass func() string, n int64) bool {
			pass()
			w.WriteHeader(http.StatusCreated)
			return true
		}, exitProblemsFound, "name no reservation"},
		{"hangs up after having done it", func(_ http.ResponseWriter, pass func() string, n int64) bool {
			if n%5 != 0 {
				return false
			}
			pass()
			panic(http.ErrAbortHandler)
		}, exitDone, ""},
	} {
		t.Run(test.about, func(t *testing.T) {
			var n atomic.Int64
			proxyURL := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
				return strings.HasSuffix(r.URL.Path, "/reservations") &&
					test.lie(w, func() string { return pass().Body.String() }, n.Add(1))
			})
			r := runLoad[load.ProductProof](t, test.want, proxyURL, "--requests", "100", "--stock", "1000")
			if test.wrong == "" {
				if r.Proof.Unknown != 20 || r.Proof.Unheard != 20 || r.Codes["broken connection"] != 20 {
					t.Errorf("report %+v, proof %+v; want 20 unknown, 20 unheard and 20 broken connections", r, r.Proof)
				}
				return
			}
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("differences = %q, want %q", r.Proof.Wrong, test.wrong)
			}
		})
	}
}

// TestLoadWithoutProof: the counts are printed even if the log can no longer be read.
func TestLoadWithoutProof(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	silent := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, _ passFunc) bool {
		readsLog := strings.HasPrefix(r.URL.Path, "/v1/streams/") || r.URL.Path == "/v1/events"
		if readsLog {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return readsLog
	})
	stdout, stderr := must(t, exitUnavailable, "load", "--against", silent, "--requests", "50")
	if !strings.Contains(stdout, "50  201") || strings.Contains(stdout, "proved") ||
		!strings.Contains(stderr, "nothing was proved") {
		t.Errorf("%s%s; want %q, no %q and %q", stdout, stderr, "50  201", "proved", "nothing was proved")
	}
}

func TestLoadUsage(t *testing.T) {
	for _, args := range []string{
		"--scenario nothing", "--teams 7", "--visitors 7", "--scenario waiting-room --visitors 0",
		"--scenario waiting-room --admit-per-second 0", "--scenario waiting-room --max-active 0",
		"--scenario waiting-room --active-seconds 61", "--scenario waiting-room --heartbeat-seconds 0",
		"--scenario waiting-room --visitors 100000 --admit-per-second 1", "--people 7", "--scenario seats --people 0",
		"--scenario seats --rows 0", "--scenario seats --rows 400 --seats-per-row 400", "--scenario seats --hold-seconds 0",
		"--scenario tournament --stock 7", "--scenario tournament --teams 0", "--scenario tournament --slots 0",
		"--connections 0", "--connections 100000", "--requests 0", "--duration -1s", "--duration 1h",
		"--stock -1", "--holds 1.5", "--holds NaN", "--against nowhere", "more",
	} {
		must(t, exitUsage, append([]string{"load"}, strings.Fields(args)...)...)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if _, stderr := must(t, exitUnavailable, "load", "--against", gone.URL); !strings.Contains(stderr, "admitone serve") {
		t.Errorf("stderr %q; want %q", stderr, "admitone serve")
	}
}
