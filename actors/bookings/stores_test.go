package bookings

import (
	"testing"

	"admitone/actors"
	"admitone/events/storetest/stores"
)

// beginEach runs a test on a log of each kind.
func beginEach(t *testing.T, rows, perRow, limit int64, test func(t *testing.T, w *harness)) {
	for _, kind := range stores.Kinds() {
		t.Run(kind.Name, func(t *testing.T) { test(t, beginOf(t, kind, rows, perRow, limit)) })
	}
}

// beginOf is begin on a log of a kind. One that has events already is read from its head, and the
// names of performances get a suffix.
func beginOf(t testing.TB, kind stores.Kind, rows, perRow, limit int64) *harness {
	t.Helper()
	store := kind.Open(t)
	head, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	suffix := ""
	if head > 0 {
		suffix = "-" + string(actors.NewCommandID())
	}
	return beginAfter(t, store, head, suffix, rows, perRow, limit)
}

// TestACrashAtEveryStepOnEachStore is TestACrashAtEveryStep on a log of each kind: of two commands,
// or of all if the long tests are wanted.
func TestACrashAtEveryStepOnEachStore(t *testing.T) {
	for _, kind := range stores.Kinds() {
		for _, crash := range crashes {
			if !stores.Long() && crash.name != "booking three seats" && crash.name != "paying" {
				continue
			}
			t.Run(kind.Name+", "+crash.name, func(t *testing.T) {
				crash.atEveryStep(beginOf(t, kind, 3, 3, 3), "later")
			})
		}
	}
}
