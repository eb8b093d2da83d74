package esdbwire

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"admitone/events"
)

// The formats of the data and metadata of the events.
const (
	benchData = `{"reservation_id":"019f5b9c-7b5e-7c2e-9f4e-%012d","holder":"holder-%d",` +
		`"quantity":1,"remaining":%d}`
	benchMetadata = `{"command_id":"%040d","correlation_id":"%036d","causation_id":"","actor":"holder-%d",` +
		`"at":"2026-01-02T03:04:05.000000006Z","hash":"%064d"}`
)

// fill appends n events like those of a sale to several streams, half of them of products.
func fill(b *testing.B, store events.Store, n int) {
	b.Helper()
	const size = 500
	for start := 0; start < n; start += size {
		stream := events.StreamID(fmt.Sprintf("%s-%d", []string{"product", "seat"}[start/size%2], start/size))
		batch := make([]events.Event, min(size, n-start))
		for i := range batch {
			batch[i] = events.Event{
				ID: events.EventID(string(stream), i), Type: "product.reserved.v1",
				Data:     fmt.Appendf(nil, benchData, i, i, n-i),
				Metadata: fmt.Appendf(nil, benchMetadata, i, i, i, i),
			}
		}
		if _, err := store.Append(context.Background(), stream, events.NoStream, batch); err != nil {
			b.Fatal(err)
		}
	}
}

// filterByProduct returns a typical filtered subscription.
func filterByProduct() *streams.ReadReq {
	return &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
			AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}},
		}},
		CountOption: &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		FilterOption: &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
			Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
				StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"product-", "seat-"}},
			},
			Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: 1024},
			CheckpointIntervalMultiplier: 1,
		}},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}},
		},
	}}
}

// BenchmarkSubscription measures how fast a filtered subscription to $all catches up over loopback,
// including the client.
func BenchmarkSubscription(b *testing.B) {
	b.Run("stubs", func(b *testing.B) {
		store := openLog(b)
		address, _ := serve(b, store, Config{})
		fill(b, store, b.N)
		client := streams.NewStreamsClient(dial(b, address))
		b.ResetTimer()
		call, err := client.Read(b.Context(), filterByProduct())
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < b.N; {
			m, err := call.Recv()
			if err != nil {
				b.Fatal(err)
			}
			if m.GetEvent() != nil {
				n++
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("client", func(b *testing.B) {
		store := openLog(b)
		address, _ := serve(b, store, Config{})
		fill(b, store, b.N)
		client := official(b, "esdb://%s?tls=false", address)
		b.ResetTimer()
		subscription, err := client.SubscribeToAll(b.Context(), esdb.SubscribeToAllOptions{
			From: esdb.Start{}, MaxSearchWindow: 1024, CheckpointInterval: 1,
			Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"product-", "seat-"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < b.N; {
			e := subscription.Recv()
			if e.SubscriptionDropped != nil {
				b.Fatal(e.SubscriptionDropped.Error)
			}
			if e.EventAppeared != nil {
				n++
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}

// BenchmarkAppend compares appends over loopback with direct appends to the log, by many writers with
// separate streams.
func BenchmarkAppend(b *testing.B) {
	const writers = 64
	event := func(w, i int) events.Event {
		return events.Event{
			ID: events.EventID(fmt.Sprint(w), i), Type: "product.reserved.v1",
			Data:     fmt.Appendf(nil, benchData, i, i, i),
			Metadata: fmt.Appendf(nil, benchMetadata, i, i, i, i),
		}
	}
	run := func(b *testing.B, append func(w int, last events.Revision, e events.Event) error) {
		var group sync.WaitGroup
		b.ResetTimer()
		for w := range writers {
			group.Go(func() {
				for i := range b.N / writers {
					if err := append(w, events.Revision(i)-1, event(w, i)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	}
	b.Run("log", func(b *testing.B) {
		store := openLog(b)
		run(b, func(w int, last events.Revision, e events.Event) error {
			_, err := store.Append(b.Context(), events.StreamID(fmt.Sprint("product-", w)), last, []events.Event{e})
			return err
		})
	})
	b.Run("stubs", func(b *testing.B) {
		address, _ := serve(b, openLog(b), Config{Writable: true})
		client := streams.NewStreamsClient(dial(b, address))
		run(b, func(w int, last events.Revision, e events.Event) error {
			call, err := client.Append(b.Context())
			if err != nil {
				return err
			}
			o := &streams.AppendReq_Options{
				StreamIdentifier:       identifier(events.StreamID(fmt.Sprint("product-", w))),
				ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: uint64(last)},
			}
			// CloseAndRecv returns the error.
			_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}})
			message := &streams.AppendReq_ProposedMessage{
				Id: structuredID(e.ID), Data: e.Data, CustomMetadata: e.Metadata,
				Metadata: map[string]string{"type": e.Type, "content-type": contentJSON},
			}
			_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message}})
			answer, err := call.CloseAndRecv()
			if err == nil && answer.GetSuccess() == nil {
				err = fmt.Errorf("%v", answer)
			}
			return err
		})
	})
}

// BenchmarkDecode compares the decoding of a batch append of 32 events with that of the stubs.
func BenchmarkDecode(b *testing.B) {
	m := &streams.BatchAppendReq{CorrelationId: structuredID(newID()), IsFinal: true,
		Options: &streams.BatchAppendReq_Options{StreamIdentifier: identifier("product-1"),
			ExpectedStreamPosition: &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: 7}}}
	for i := range 32 {
		m.ProposedMessages = append(m.ProposedMessages, &streams.BatchAppendReq_ProposedMessage{
			Id: structuredID(newID()), Data: fmt.Appendf(nil, benchData, i, i, i),
			CustomMetadata: fmt.Appendf(nil, benchMetadata, i, i, i, i),
			Metadata:       map[string]string{"type": "product.reserved.v1", "content-type": contentJSON}})
	}
	text, err := proto.Marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	known := types{}
	for name, decode := range map[string]func() error{
		"stubs": func() error { return proto.Unmarshal(text, &streams.BatchAppendReq{}) },
		"decode": func() error {
			return newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(text)}, &batchRequest{types: known})
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
