package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"admitone/events"
	"admitone/events/esdbwire"
)

// connectOfficial connects EventStoreDB's official client.
func connectOfficial(t *testing.T, address string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(fmt.Sprintf("esdb://%s?tls=false", address))
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// TestOfficialClient: each client reads the events of the other unchanged, and detects conflicts with
// it.
func TestOfficialClient(t *testing.T) {
	at := serve(t, openLog(t, t.TempDir()), "127.0.0.1:0", esdbwire.Config{Writable: true})
	defer at.stop(t)
	store, client := connect(t, at.address), connectOfficial(t, at.address)
	defer store.Close()
	ownBatch := sampleBatch("product-1", 3)
	if _, err := store.Append(t.Context(), "product-1", events.NoStream, ownBatch); err != nil {
		t.Fatal(err)
	}
	clientBatch := sampleBatch("clientBatch", 2)
	result, err := client.AppendToStream(t.Context(), "product-1",
		esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(2)},
		clientEvent(&clientBatch[0]), clientEvent(&clientBatch[1]))
	if err != nil || result.NextExpectedVersion != 4 {
		t.Fatalf("append: %+v, %v, want NextExpectedVersion 4", result, err)
	}
	if _, err := store.Append(t.Context(), "product-1", 2, sampleBatch("late", 1)); !errors.Is(err, events.ErrConflict) {
		t.Errorf("append with the old revision: %v, want %v", err, events.ErrConflict)
	}
	_, err = client.AppendToStream(t.Context(), "product-1",
		esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, clientEvent(&clientBatch[0]))
	var wrong *esdb.Error
	if !errors.As(err, &wrong) || wrong.Code() != esdb.ErrorCodeWrongExpectedVersion {
		t.Errorf("the client's append with the old revision: %v, want WrongExpectedVersion", err)
	}
	all, err := store.Read(t.Context(), "product-1", 0, events.Forward, 10)
	if err != nil || len(all) != 5 {
		t.Fatalf("%d events, %v, want 5", len(all), err)
	}
	for i, want := range append(ownBatch, clientBatch...) {
		if got := all[i]; got.ID != want.ID || got.Type != want.Type || string(got.Data) != string(want.Data) ||
			string(got.Metadata) != string(want.Metadata) {
			t.Errorf("event %d: %v, want %v", i, got.Event, want)
		}
	}
	checkOfficialRead(t, client, all)
	checkEqual(t, collect(t, store, 0, 5), all)
}

func clientEvent(e *events.Event) esdb.EventData {
	return esdb.EventData{EventID: uuid.UUID(e.ID), EventType: e.Type, ContentType: esdb.ContentTypeJson,
		Data: e.Data, Metadata: e.Metadata}
}

// checkOfficialRead compares the events that the official client reads and follows with want.
func checkOfficialRead(t *testing.T, client *esdb.Client, want []events.Recorded) {
	t.Helper()
	compare := func(i int, got *esdb.RecordedEvent) {
		t.Helper()
		w := want[i]
		if events.ID(got.EventID) != w.ID || got.EventType != w.Type || got.StreamID != string(w.Stream) ||
			got.EventNumber != uint64(w.Revision) ||
			got.Position.Commit != uint64(w.Position) || got.Position.Prepare != uint64(w.Position) ||
			!got.CreatedDate.Equal(w.Created) ||
			got.ContentType != jsonContent || string(got.Data) != string(w.Data) ||
			string(got.UserMetadata) != string(w.Metadata) {
			t.Errorf("the client read %+v, want %+v", got, w)
		}
	}
	read, err := client.ReadStream(t.Context(), string(want[0].Stream),
		esdb.ReadStreamOptions{From: esdb.Start{}, Direction: esdb.Forwards}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	for i := 0; ; i++ {
		e, err := read.Recv()
		if errors.Is(err, io.EOF) && i == len(want) {
			break
		}
		if err != nil {
			t.Fatalf("after %d events: %v, want %d events and io.EOF", i, err, len(want))
		}
		compare(i, e.Event)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	subscription, err := client.SubscribeToAll(ctx,
		esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: &esdb.SubscriptionFilter{
			Type: esdb.StreamFilterType, Regex: ownEvents,
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	for i := 0; i < len(want); {
		switch event := subscription.Recv(); {
		case event.SubscriptionDropped != nil:
			t.Fatalf("the subscription was dropped: %v", event.SubscriptionDropped.Error)
		case event.EventAppeared != nil:
			compare(i, event.EventAppeared.Event)
			i++
		}
	}
}
