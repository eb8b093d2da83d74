package esdbwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// read reads a whole stream with the official client.
func read(t *testing.T, client *esdb.Client, stream string, options esdb.ReadStreamOptions,
	count uint64) ([]*esdb.ResolvedEvent, error) {
	t.Helper()
	reading, err := client.ReadStream(testContext(t), stream, options, count)
	if err != nil {
		return nil, err
	}
	defer reading.Close()
	var all []*esdb.ResolvedEvent
	for {
		e, err := reading.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
}

// checkCode checks that err has a code of the official client.
func checkCode(t *testing.T, err error, want esdb.ErrorCode) {
	t.Helper()
	var failed *esdb.Error
	if !errors.As(err, &failed) || failed.Code() != want {
		t.Errorf("error %v, want code %d", err, want)
	}
}

func newEvents(n int) []esdb.EventData {
	batch := make([]esdb.EventData, n)
	for i := range batch {
		batch[i] = esdb.EventData{EventType: "made", ContentType: esdb.ContentTypeJson, Data: fmt.Appendf(nil, `{"n":%d}`, i)}
	}
	return batch
}

func TestOfficialClientAppendsAndReads(t *testing.T) {
	address, _ := serve(t, openLog(t), Config{Writable: true})
	for _, scheme := range []string{"esdb", "esdb+discover"} {
		client := official(t, "%s://%s?tls=false", scheme, address)
		batch := newEvents(1500)
		batch[3].ContentType = esdb.ContentTypeBinary
		batch[3].Metadata = []byte{0, 1, 2}
		result, err := client.AppendToStream(testContext(t), "made-"+scheme,
			esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, batch...)
		if err != nil {
			t.Fatal(err)
		}
		if result.NextExpectedVersion != 1499 {
			t.Errorf("append: %+v, want NextExpectedVersion 1499", result)
		}
		_, err = client.AppendToStream(testContext(t), "made-"+scheme,
			esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(1498)}, newEvents(1)...)
		checkCode(t, err, esdb.ErrorCodeWrongExpectedVersion)
		all, err := read(t, client, "made-"+scheme, esdb.ReadStreamOptions{From: esdb.Start{}}, 5000)
		if err != nil || len(all) != 1500 {
			t.Fatalf("%d events, %v, want 1500", len(all), err)
		}
		for i, e := range all {
			if e.Event.EventNumber != uint64(i) || string(e.Event.Data) != string(batch[i].Data) ||
				e.Event.CreatedDate.Before(time.Now().Add(-time.Hour)) {
				t.Fatalf("event %d = %+v, want it as appended", i, e.Event)
			}
		}
		if e := all[3].Event; e.ContentType != "application/octet-stream" ||
			string(e.UserMetadata) != "\x00\x01\x02" || all[4].Event.ContentType != "application/json" {
			t.Errorf("event = %+v, want its metadata and content type as appended", e)
		}
		if all[1499].Event.Position != (esdb.Position{Commit: result.CommitPosition, Prepare: result.PreparePosition}) {
			t.Errorf("the last event is at %+v, want the position of the append, %+v", all[1499].Event.Position, result)
		}
		_, err = read(t, client, "missing", esdb.ReadStreamOptions{}, 1)
		checkCode(t, err, esdb.ErrorCodeResourceNotFound)
	}
}

func TestOfficialClientDeletes(t *testing.T) {
	address, _ := serve(t, openLog(t), Config{Writable: true})
	client := official(t, "esdb://%s?tls=false", address)
	add := func(stream string, expected esdb.ExpectedRevision) {
		t.Helper()
		if _, err := client.AppendToStream(testContext(t), stream,
			esdb.AppendToStreamOptions{ExpectedRevision: expected}, newEvents(2)...); err != nil {
			t.Fatal(err)
		}
	}
	add("a", esdb.NoStream{})
	if result, err := client.DeleteStream(testContext(t), "a",
		esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)}); err != nil || result.Position.Commit == 0 {
		t.Fatalf("result = %+v, %v; want a position", result, err)
	}
	_, err := read(t, client, "a", esdb.ReadStreamOptions{}, 10)
	checkCode(t, err, esdb.ErrorCodeResourceNotFound)
	add("a", esdb.NoStream{})
	all, err := read(t, client, "a", esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
	if err != nil || len(all) != 2 || all[0].Event.EventNumber != 2 {
		t.Errorf("events = %v, %v; want the 2 visible ones", all, err)
	}
	if result, err := client.TombstoneStream(testContext(t), "a",
		esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(3)}); err != nil || result.Position.Commit == 0 {
		t.Fatalf("result = %+v, %v; want a position", result, err)
	}
	_, err = read(t, client, "a", esdb.ReadStreamOptions{}, 10)
	checkCode(t, err, esdb.ErrorCodeStreamDeleted)
	_, err = client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, newEvents(1)...)
	checkCode(t, err, esdb.ErrorCodeStreamDeleted)
}

func TestOfficialClientSetsMetadata(t *testing.T) {
	address, _ := serve(t, openLog(t), Config{Writable: true})
	client := official(t, "esdb://%s?tls=false", address)
	if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, newEvents(5)...); err != nil {
		t.Fatal(err)
	}
	_, err := client.GetStreamMetadata(testContext(t), "a", esdb.ReadStreamOptions{})
	checkCode(t, err, esdb.ErrorCodeResourceNotFound)
	for _, count := range []uint64{3, 2} {
		meta := esdb.StreamMetadata{}
		meta.SetMaxCount(count)
		meta.SetMaxAge(time.Hour)
		meta.AddCustomProperty("mine", "yes")
		if _, err := client.SetStreamMetadata(testContext(t), "a", esdb.AppendToStreamOptions{}, meta); err != nil {
			t.Fatal(err)
		}
	}
	meta, err := client.GetStreamMetadata(testContext(t), "a", esdb.ReadStreamOptions{})
	if err != nil || *meta.MaxCount() != 2 || *meta.MaxAge() != time.Hour || meta.StreamAcl() != nil {
		t.Errorf("metadata = %+v, %v; want the count 2, the age of an hour", meta, err)
	}
	all, err := read(t, client, "a", esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
	if err != nil || len(all) != 2 || all[0].Event.EventNumber != 3 {
		t.Errorf("events = %v, %v; want the 2 visible ones", all, err)
	}
}

// TestMaxAge: events older than $maxAge seconds are hidden in both directions.
func TestMaxAge(t *testing.T) {
	var offset atomic.Int64 // offset of the server's clock in nanoseconds
	clock := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	address, _ := serve(t, openLog(t), Config{Writable: true, Now: clock})
	client := official(t, "esdb://%s?tls=false", address)
	if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, newEvents(5)...); err != nil {
		t.Fatal(err)
	}
	meta := esdb.StreamMetadata{}
	meta.SetMaxAge(time.Hour)
	if _, err := client.SetStreamMetadata(testContext(t), "a", esdb.AppendToStreamOptions{}, meta); err != nil {
		t.Fatal(err)
	}
	for _, later := range []struct {
		by   time.Duration
		want int
	}{{50 * time.Minute, 5}, {70 * time.Minute, 0}} {
		offset.Store(int64(later.by))
		for _, direction := range []esdb.Direction{esdb.Forwards, esdb.Backwards} {
			from := map[esdb.Direction]esdb.StreamPosition{esdb.Forwards: esdb.Start{}, esdb.Backwards: esdb.End{}}[direction]
			all, err := read(t, client, "a", esdb.ReadStreamOptions{From: from, Direction: direction}, 10)
			if err != nil || len(all) != later.want {
				t.Errorf("after %s: %d events, %v, want %d", later.by, len(all), err, later.want)
			}
		}
	}
}

// readTypes returns the event types of a subscription up to last, and the last checkpoint.
func readTypes(t *testing.T, subscription *esdb.Subscription, last string) (seen []string, checkpoint *esdb.Position) {
	t.Helper()
	for {
		m := subscription.Recv()
		switch {
		case m.SubscriptionDropped != nil:
			t.Fatalf("the subscription was dropped: %v", m.SubscriptionDropped.Error)
		case m.CheckPointReached != nil:
			checkpoint = m.CheckPointReached
		case m.EventAppeared != nil:
			seen = append(seen, m.EventAppeared.Event.EventType)
			if seen[len(seen)-1] == last {
				return seen, checkpoint
			}
		}
	}
}

// TestOfficialClientResumesFromCheckpoints: a subscriber that resumes from checkpoints sees every
// event once.
func TestOfficialClientResumesFromCheckpoints(t *testing.T) {
	address, _ := serve(t, openLog(t), Config{Writable: true})
	client := official(t, "esdb://%s?tls=false", address)
	var want []string
	for i := range 100 {
		wanted := esdb.EventData{EventType: fmt.Sprintf("seen-%d", i)}
		want = append(want, wanted.EventType)
		for _, e := range []esdb.EventData{{EventType: "other"}, wanted, {EventType: "other"}} {
			if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	options := esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: 2, CheckpointInterval: 2,
		Filter: &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"seen-"}},
	}
	var got []string
	for len(got) < len(want) {
		ctx, cancel := context.WithCancel(testContext(t))
		subscription, err := client.SubscribeToAll(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		// The subscriber reads a few more events, and discards those after the last checkpoint.
		seen, checkpoint := readTypes(t, subscription, want[min(len(got)+4, len(want)-1)])
		cancel()
		if checkpoint != nil {
			options.From = *checkpoint
		}
		if len(got)+len(seen) >= len(want) {
			got = append(got, seen...)
			break
		}
		got = append(got, seenUpTo(t, client, checkpoint, seen)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("seen\n%v\nwant\n%v", got, want)
	}
}

// seenUpTo returns those of the seen events that are not after the checkpoint.
func seenUpTo(t *testing.T, client *esdb.Client, checkpoint *esdb.Position, seen []string) (kept []string) {
	t.Helper()
	all, err := read(t, client, "a", esdb.ReadStreamOptions{From: esdb.Start{}}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if checkpoint != nil && e.Event.Position.Commit <= checkpoint.Commit && slices.Contains(seen, e.Event.EventType) {
			kept = append(kept, e.Event.EventType)
		}
	}
	return kept
}
