package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"admitone/events"
	"admitone/events/esdbwire"
)

// sampleBatch returns events of typical size: 120 bytes of data, 270 of metadata.
func sampleBatch(stream events.StreamID, n int) []events.Event {
	batch := make([]events.Event, n)
	for i := range batch {
		batch[i].ID = events.EventID(string(stream), i)
		batch[i].Type = "product.reserved.v1"
		const data = `{"reservation_id":"%s","holder":"holder-%06d","quantity":1,"remaining":%08d}`
		batch[i].Data = fmt.Appendf(nil, data, batch[i].ID, i, i)
		batch[i].Data = append(batch[i].Data, bytes.Repeat([]byte(" "), 120-len(batch[i].Data))...)
		id := events.EventID("metadata", i).String()
		batch[i].Metadata, _ = events.Seal(nil, events.Hash{}, stream, events.Revision(i), &batch[i],
			&events.Metadata{CommandID: id, CorrelationID: id, CausationID: "request", Actor: "holder-000001"})
	}
	return batch
}

// BenchmarkAppend appends to one stream sequentially. The embedded log is measured in the same run.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 32, 256, 1024} {
		batch := sampleBatch("product-1", size)
		run := func(b *testing.B, store events.Store) {
			revision := events.NoStream
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				appended, err := store.Append(context.Background(), "product-1", revision, batch)
				if err != nil {
					b.Fatal(err)
				}
				revision = appended.Revision
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		}
		b.Run(fmt.Sprintf("embedded/batch=%d", size), func(b *testing.B) {
			log := openLog(b, b.TempDir())
			defer log.Close()
			run(b, log)
		})
		b.Run(fmt.Sprintf("esdb/batch=%d", size), func(b *testing.B) {
			at := serve(b, openLog(b, b.TempDir()), "127.0.0.1:0", esdbwire.Config{Writable: true})
			defer at.stop(b)
			s := connect(b, at.address)
			defer s.Close()
			run(b, s)
		})
	}
}

// BenchmarkFollow measures how fast a follower catches up over loopback.
func BenchmarkFollow(b *testing.B) {
	log := openLog(b, b.TempDir())
	const size = 1000
	for begun := 0; begun < b.N; begun += size {
		stream := events.StreamID(fmt.Sprintf("product-%d", begun/size))
		if _, err := log.Append(context.Background(), stream, events.NoStream, sampleBatch(stream, size)); err != nil {
			b.Fatal(err)
		}
	}
	at := serve(b, log, "127.0.0.1:0", esdbwire.Config{Writable: true})
	defer at.stop(b)
	s := connect(b, at.address)
	defer s.Close()
	errStop := errors.New("enough")
	n := 0
	b.ReportAllocs()
	b.ResetTimer()
	err := s.Follow(context.Background(), 0, func(page []events.Recorded) error {
		if n += len(page); n >= b.N {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
