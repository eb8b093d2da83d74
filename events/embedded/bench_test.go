package embedded

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// sampleBatch returns n events of typical size, with 120 bytes of data and 270 of metadata. Half of it compresses well.
func sampleBatch(n int) []events.Event {
	batch := make([]events.Event, n)
	for i := range batch {
		batch[i].ID = events.EventID("bench", i)
		batch[i].Type = "product.reserved.v1"
		const data = `{"reservation_id":"%s","holder":"holder-%06d","quantity":1,"remaining":%08d}`
		batch[i].Data = fmt.Appendf(nil, data, batch[i].ID, i, i)
		batch[i].Data = append(batch[i].Data, bytes.Repeat([]byte(" "), 120-len(batch[i].Data))...)
		id := events.EventID("metadata", i)
		batch[i].Metadata, _ = events.Seal(nil, events.Hash{}, "product-1", events.Revision(i), &batch[i],
			&events.Metadata{CommandID: id.String(), CorrelationID: id.String(), CausationID: "request", Actor: "holder-000001"})
	}
	return batch
}

// BenchmarkAppend appends to several streams concurrently, and to each stream sequentially.
func BenchmarkAppend(b *testing.B) {
	for _, streams := range []int{1, 64} {
		for _, size := range []int{1, 32, 1024} {
			b.Run(fmt.Sprintf("streams=%d/batch=%d", streams, size), func(b *testing.B) {
				benchmarkAppend(b, streams, size)
			})
		}
	}
}

func benchmarkAppend(b *testing.B, streams, size int) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer s.Close()
	batch := sampleBatch(size)
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range streams {
		all.Go(func() {
			stream := events.NewStreamID("product", fmt.Sprint(i))
			revision := events.NoStream
			for left.Add(-1) >= 0 {
				appended, err := s.Append(context.Background(), stream, revision, batch)
				if err != nil {
					b.Error(err)
					return
				}
				revision = appended.Revision
			}
		})
	}
	all.Wait()
	b.StopTimer()
	stats := s.Stats()
	b.ReportMetric(float64(stats.Events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(stats.Appends)/float64(stats.Commits), "appends/commit")
	b.ReportMetric(float64(stats.DiskBytes)/float64(stats.Events), "disk-B/event")
	m := s.db.Metrics()
	total := m.Total()
	b.ReportMetric(float64(total.TableBytesFlushed+total.TableBytesCompacted)/float64(stats.Bytes), "rewrites")
}
