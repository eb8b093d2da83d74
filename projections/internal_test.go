package projections_test

import (
	"context"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/verify"
)

// TestInternalStreams: the views skip internal events of a store or an EventStoreDB client. The verifier counts events
// of other programs, but not internal ones.
func TestInternalStreams(t *testing.T) {
	log := openLog(t, t.TempDir())
	defer log.Close()
	sell(t, log, "a", 0, 1)
	for i, stream := range []events.StreamID{"~epoch", "$$product-a", "$ce-product", "node-1"} {
		id := events.EventID("internal", i)
		if _, err := log.Append(t.Context(), stream, events.NoStream,
			[]events.Event{{ID: id, Type: "$any", Data: []byte("\x00no JSON")}}); err != nil {
			t.Fatal(err)
		}
	}
	head := sell(t, log, "b", 0, 1)
	views, stop := follow(t, log, t.TempDir())
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := views.WaitFor(ctx, head); err != nil {
		t.Fatal(err)
	}
	found, err := verify.Log(ctx, log, true, nil)
	if err != nil || found.Streams != 2 || found.Others == nil || len(found.Others.Foreign) != 1 ||
		found.Others.Foreign[0] != (verify.Foreign{Category: "node", Events: 1}) {
		t.Errorf("verify.Log: %+v, %v; want two streams, and one event of the category node", found, err)
	}
	if page, _, _, err := history.Read(ctx, log, "holder", "nobody", 0, 10); err != nil || len(page) != 0 {
		t.Errorf("history of an unknown holder: %v, %v; want none", page, err)
	}
}
