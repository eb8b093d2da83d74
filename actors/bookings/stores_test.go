package bookings

import (
	"testing"

	"admitone/actors"
	"admitone/events/storetest/stores"
)

// testEachStore runs a test on a log of each kind.
func testEachStore(t *testing.T, rows, perRow, limit int64, test func(t *testing.T, w *harness)) {
	for _, kind := range stores.Kinds() {
		t.Run(kind.Name, func(t *testing.T) { test(t, newStoreHarness(t, kind, rows, perRow, limit)) })
	}
}

// newStoreHarness is like newHarness, on a log of a kind. If the log has events already, it is read from its head,
// and the names of performances get a suffix.
func newStoreHarness(t testing.TB, kind stores.Kind, rows, perRow, limit int64) *harness {
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
	return newHarnessAfter(t, store, head, suffix, rows, perRow, limit)
}

// TestCrashAtEveryStepOnEachStore is TestCrashAtEveryStep on a log of each kind: with two commands, or with all in
// long tests.
func TestCrashAtEveryStepOnEachStore(t *testing.T) {
	for _, kind := range stores.Kinds() {
		for _, crash := range crashes {
			if !stores.Long() && crash.name != "booking three seats" && crash.name != "paying" {
				continue
			}
			t.Run(kind.Name+", "+crash.name, func(t *testing.T) {
				crash.testEveryStep(newStoreHarness(t, kind, 3, 3, 3), "later")
			})
		}
	}
}
