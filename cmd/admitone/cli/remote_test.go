package cli

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// normalized clears the decoded facts, which a store may omit, and converts the times to UTC.
func normalized(page []events.Recorded) []events.Recorded {
	var out []events.Recorded
	for _, e := range page {
		e.Fact, e.Created = nil, e.Created.UTC()
		out = append(out, e)
	}
	return out
}

// TestRemoteLogEqualsLog: a log that is read over HTTP answers every read like the log itself, byte for byte.
func TestRemoteLogEqualsLog(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	head := appendSales(t, s.Log, "big", 1300)
	r, err := remote.New(s.url, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if got, err := r.Head(ctx); err != nil || got != head {
		t.Errorf("head %d, %v; want %d", got, err, head)
	}
	if r.Epoch() != s.Log.Epoch() {
		t.Errorf("epoch %q, want %q", r.Epoch(), s.Log.Epoch())
	}
	if _, err := r.Append(ctx, "product-1", 5, nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("Append = %v, want %v", err, events.ErrUnavailable)
	}
	starts := []int64{0, 1, 2, 4, 5, 6, 7, 499, 500, 501, 1300, 1301, 1305, 1306, 1307, 5000, int64(events.EndPosition)}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.OneOf(rapid.SampledFrom(starts), rapid.Int64Range(0, 1400)).Draw(t, "from")
		limit := rapid.OneOf(rapid.SampledFrom([]int{0, 1, 500, 501, 1024, 3000}), rapid.IntRange(0, 20)).Draw(t, "limit")
		dir := events.Direction(rapid.Bool().Draw(t, "backward"))
		want, _ := s.Log.ReadAll(ctx, events.Position(from), dir, limit)
		got, err := r.ReadAll(ctx, events.Position(from), dir, limit)
		if err != nil || !reflect.DeepEqual(normalized(got), normalized(want)) {
			t.Fatalf("ReadAll: %d events, %v; want the %d of the log", len(got), err, len(want))
		}
		stream := rapid.SampledFrom([]events.StreamID{"product-1", "product-big", "product-none"}).Draw(t, "stream")
		want, _ = s.Log.Read(ctx, stream, events.Revision(from), dir, limit)
		got, err = r.Read(ctx, stream, events.Revision(from), dir, limit)
		if err != nil || !reflect.DeepEqual(normalized(got), normalized(want)) {
			t.Fatalf("Read: %d events, %v; want the %d of the log", len(got), err, len(want))
		}
	})
}

// TestRemoteFollows: Follow passes existing events and then new ones, in order, until its function fails or
// its context ends.
func TestRemoteFollows(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	head := appendSales(t, s.Log, "big", 700)
	r, err := remote.New(s.url, "")
	if err != nil {
		t.Fatal(err)
	}
	next, enough := events.Position(4), errors.New("enough")
	err = r.Follow(t.Context(), 3, func(batch []events.Recorded) error {
		for _, e := range batch {
			if e.Position != next {
				t.Errorf("position %d, want %d", e.Position, next)
			}
			next = e.Position + 1
		}
		switch next {
		case head + 1:
			appendSales(t, s.Log, "more", 1)
		case head + 3:
			return enough
		}
		return nil
	})
	if err != enough {
		t.Errorf("Follow = %v, want the error of its function", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Follow(ctx, next, func([]events.Recorded) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Follow with a cancelled context = %v, want %v", err, context.Canceled)
	}
}

// TestRemoteWithGaps: backward reads return the right events although positions have gaps.
func TestRemoteWithGaps(t *testing.T) {
	var log []events.Recorded
	for i := range 40 {
		e := events.Recorded{Event: events.Event{ID: events.EventID("gap", i), Type: "x", Data: []byte("{}")},
			Stream:   "product-1",
			Revision: events.Revision(i), Position: events.Position(7 + i*i*i*100), Created: time.Unix(int64(i), 0).UTC()}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event, &events.Metadata{})
		log = append(log, e)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		body := []byte(`{"items":[`)
		for i, n := 0, 0; i < len(log) && n < limit; i++ {
			if uint64(log[i].Position) > after {
				if n++; n > 1 {
					body = append(body, ',')
				}
				body = events.AppendCloudEvent(body, &log[i])
			}
		}
		w.Write(append(body, `],"next":null}`...))
	}))
	defer server.Close()
	r, err := remote.New(server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	if head, err := r.Head(t.Context()); err != nil || head != log[39].Position {
		t.Errorf("head %d, %v; want %v", head, err, log[39].Position)
	}
	for _, from := range []events.Position{0, 1, 7, 8, 107, 5000, log[39].Position, log[39].Position + 1,
		events.EndPosition} {
		for _, limit := range []int{1, 3, 100} {
			var want []events.Recorded
			for _, e := range slices.Backward(log) {
				if e.Position < from && len(want) < limit {
					want = append(want, e)
				}
			}
			got, err := r.ReadAll(t.Context(), from, events.Backward, limit)
			if err != nil || !reflect.DeepEqual(normalized(got), normalized(want)) {
				t.Errorf("ReadAll of %d before position %d: %d events, %v; want %d", limit, from, len(got), err, len(want))
			}
		}
	}
}

// TestRemoteErrors: each kind of failed answer leads to its exit status.
func TestRemoteErrors(t *testing.T) {
	answer, body := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer)
		w.Write([]byte(body))
	}))
	defer server.Close()
	for _, test := range []struct {
		answer int
		body   string
		want   int
	}{
		{200, "<html>", exitUnavailable},
		{404, "<html>", exitUnavailable},
		{200, `{"items":[{"id":"x"}]}`, exitProblemsFound},
		{503, `{"status":503,"code":"log_unavailable"}`, exitUnavailable},
		{401, `{"status":401,"code":"unauthenticated"}`, exitUsage},
		{403, `{"status":403,"code":"forbidden"}`, exitUsage},
	} {
		answer, body = test.answer, test.body
		must(t, test.want, "log", "--url", server.URL)
	}
	server.Close()
	must(t, exitUnavailable, "log", "--url", server.URL)
	for _, address := range []string{"127.0.0.1:8080", "ftp://x", "http://", "%"} {
		must(t, exitUsage, "log", "--url", address)
	}
}
