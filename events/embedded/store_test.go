package embedded

import (
	"log/slog"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/storetest"
)

// discardLogger discards expected warnings and errors.
var discardLogger = slog.New(slog.DiscardHandler)

// mustOpen opens the log in dir. By default, a failed write fails the test.
func mustOpen(t testing.TB, dir string, options Options) *Store {
	t.Helper()
	if options.Fatal == nil {
		options.Fatal = func(err error) { t.Errorf("fatal: %v", err) }
	}
	if options.Logger == nil {
		options.Logger = discardLogger
	}
	s, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	var dirs sync.Map
	open := func(t *testing.T, dir string) events.Store {
		s := mustOpen(t, dir, Options{})
		dirs.Store(events.Store(s), dir)
		return s
	}
	skipped := storetest.Run(t, storetest.Target{
		Open: func(t *testing.T) events.Store { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, store events.Store) events.Store {
			dir, _ := dirs.Load(store)
			return open(t, dir.(string))
		},
	})
	if len(skipped) > 0 {
		t.Errorf("skipped tests %q, want none", skipped)
	}
}
