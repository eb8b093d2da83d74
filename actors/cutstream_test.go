package actors

import (
	"testing"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/storetest/stores"
)

// TestTruncatedStream: if another client of the store has hidden events of a stream, commands to it
// fail, even the one that would create it anew.
func TestTruncatedStream(t *testing.T) {
	for _, metadata := range []string{`{"$maxCount":1}`, `{"$tb":2}`, `{"$tb":9223372036854775807}`} {
		log := openLog(t, t.TempDir())
		wire := stores.Serve(t, log)
		d := openDesk(t, wire, nil)
		mustCreate(t, d, 9)
		for range 3 {
			_, err := ask(d, one("h"))
			must(t, err)
		}
		hidden := events.Event{ID: NewID(), Type: "$metadata", Data: []byte(metadata)}
		_, err := log.Append(t.Context(), "$$"+lamp, events.NoStream, []events.Event{hidden})
		must(t, err)
		other := openDesk(t, wire, nil)
		again := &product.Create{ID: "lamp", Name: "Lamp", Stock: 9, HoldSeconds: 60}
		for _, command := range []core.Command{again, one("h")} {
			if _, err := ask(other, command); code(err) != ErrUnavailable.Error() {
				t.Errorf("%s: %T: %v, want %v", metadata, command, err, ErrUnavailable)
			}
		}
	}
}
