package embedded

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// TestLatest: of random streams, written in random appends, it finds what reading
// them backward from the end would, whatever the position and however many are taken.
func TestLatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Open("log", Options{FS: vfs.NewMem(), memTable: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var log []events.Recorded
		last := map[events.StreamID]events.Revision{}
		for range rapid.IntRange(1, 12).Draw(t, "appends") {
			stream := events.StreamID(fmt.Sprint("lamp-", rapid.IntRange(0, 3).Draw(t, "stream")))
			expected, ok := last[stream]
			if !ok {
				expected = events.NoStream
			}
			batch := make([]events.Event, rapid.IntRange(1, 5).Draw(t, "events"))
			for i := range batch {
				batch[i] = events.Event{ID: events.EventID(fmt.Sprint(len(log)), i), Type: "lamp.lit.v1", Data: []byte("{}")}
			}
			if _, err := s.Append(t.Context(), stream, expected, batch); err != nil {
				t.Fatal(err)
			}
			for i := range batch {
				expected++
				log = append(log, events.Recorded{Event: batch[i], Stream: stream, Revision: expected, Position: events.Position(len(log) + 1)})
			}
			last[stream] = expected
		}
		streams := []events.StreamID{"lamp-2", "lamp-0", "lamp-9", "lamp-3", "lamp-1"}
		at := events.Position(rapid.IntRange(0, len(log)+2).Draw(t, "at"))
		most := rapid.IntRange(1, 4).Draw(t, "most")
		got, want := make([][]events.Position, len(streams)), make([][]events.Position, len(streams))
		for _, e := range slices.Backward(log) {
			if i := slices.Index(streams, e.Stream); e.Position <= at && len(want[i]) < most {
				want[i] = append(want[i], e.Position)
			}
		}
		err = s.Latest(t.Context(), streams, at, func(i int, e *events.Recorded) (bool, error) {
			if e.Stream != streams[i] {
				t.Errorf("an event of %s for %s", e.Stream, streams[i])
			}
			got[i] = append(got[i], e.Position)
			return len(got[i]) < most, nil
		})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v, %v, want %v", got, err, want)
		}
	})
}
