package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"admitone/events"
	"admitone/events/embedded"
)

// An append states the revision that it expects. The append of a slower writer conflicts and writes nothing.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	ctx, stream := context.Background(), events.NewStreamID(events.SeatCategory, "gala~A-1-1")
	fact := &events.SeatBlocked{}
	event := events.Event{ID: events.EventID("command-1", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	event.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &event,
		&events.Metadata{CommandID: "command-1", Actor: "ada"})

	appended, err := store.Append(ctx, stream, events.NoStream, []events.Event{event})
	fmt.Println(appended.Revision, appended.Position, err)

	_, err = store.Append(ctx, stream, events.NoStream, []events.Event{event})
	fmt.Println(errors.Is(err, events.ErrConflict))

	for e, err := range events.Stream(ctx, store, stream, 0) {
		fmt.Println(e.Position, e.Type, string(e.Data), err)
	}
	// Output:
	// 0 1 <nil>
	// true
	// 1 seat.blocked.v1 {} <nil>
}
