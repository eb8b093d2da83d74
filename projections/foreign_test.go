package projections_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections"
)

// put appends an event with a name that need not be registered. Without metadata, the event is sealed like a fact.
func put(t *testing.T, log events.Store, stream events.StreamID, revision events.Revision, name, metadata string) {
	t.Helper()
	e := events.Event{ID: events.EventID(string(stream), int(revision)), Type: name, Data: []byte(`{}`),
		Metadata: []byte(metadata)}
	if metadata == "" {
		e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, revision, &e, &events.Metadata{CommandID: "c"})
	}
	if _, err := log.Append(t.Context(), stream, revision-1, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
}

// warnings records log messages.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, string(p))
	return len(p), nil
}

// count returns the number of messages that contain text.
func (w *warnings) count(text string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.texts {
		if strings.Contains(s, text) {
			n++
		}
	}
	return n
}

// followWith follows a log until stop is called. ended receives the error of Run.
func followWith(t *testing.T, log events.Store, dir string, w *warnings) (p *projections.Projections, ended chan error,
	stop func()) {
	t.Helper()
	p, err := projections.Open(projections.Config{Store: log, Dir: dir, Logger: slog.New(slog.NewTextHandler(w, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return p, ended, func() {
		cancel()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStreamsOfOtherProgramsAreIgnored: streams of other programs are skipped, even in a category of this system,
// with one warning per category. After a restart the views resume.
func TestStreamsOfOtherProgramsAreIgnored(t *testing.T) {
	log, dir, w := openLog(t, t.TempDir()), t.TempDir(), &warnings{}
	defer log.Close()
	sell(t, log, "a", 0, 1)
	for i := range 3 {
		put(t, log, "order-1", events.Revision(i), "OrderPlaced", "{}")
		put(t, log, "product-theirs", events.Revision(i), "ProductAdded", `{"$causedBy":"x"}`)
	}
	head := sell(t, log, "b", 0, 1)
	views, _, stop := followWith(t, log, dir, w)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := views.WaitFor(ctx, head); err != nil {
		t.Fatal(err)
	}
	if n := w.count("other programs"); n != 2 {
		t.Errorf("%d warnings, want one for each of two categories: %q", n, w.texts)
	}
	stop()
	put(t, log, "order-1", 3, "OrderPlaced", "{}") // in a stream whose first event the views have passed
	head = sell(t, log, "c", 0, 1)
	views, _, stop = followWith(t, log, dir, w)
	defer stop()
	if err := views.WaitFor(ctx, head); err != nil {
		t.Fatal(err)
	}
}

// TestEventsOfALaterVersionStopTheViews: an event of a later version of this system stops the views, in a stream of a
// known or an unknown category.
func TestEventsOfALaterVersionStopTheViews(t *testing.T) {
	for about, forge := range map[string]func(log events.Store){
		"unknown category": func(log events.Store) { put(t, log, "locker-1", 0, "locker.held.v1", "") },
		"known fact in an unknown category": func(log events.Store) {
			put(t, log, "locker-1", 0, "product.created.v2", "")
		},
		"unknown fact": func(log events.Store) { put(t, log, "product-new", 0, "product.dreamt.v1", "") },
		"another program's event in a stream of this system": func(log events.Store) {
			sell(t, log, "z", 0, 1)
			end, err := log.Read(t.Context(), "product-z", events.EndRevision, events.Backward, 1)
			if err != nil {
				t.Fatal(err)
			}
			put(t, log, "product-z", end[0].Revision+1, "ProductAdded", "{}")
		},
	} {
		log, w := openLog(t, t.TempDir()), &warnings{}
		forge(log)
		views, ended, stop := followWith(t, log, t.TempDir(), w)
		select {
		case err := <-ended:
			if !errors.Is(err, events.ErrUnknownFact) || !errors.Is(views.Healthy(), events.ErrUnknownFact) {
				t.Errorf("%s: Run = %v, want ErrUnknownFact", about, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: Run did not return within a minute", about)
		}
		stop()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
}
