package projections

import (
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
)

// counter is a subscriber that reads its frames, like a socket's writer.
type counter struct{ bytes int }

func (c *counter) Deliver(f *live.Frame) { c.bytes += len(f.Bytes()) }

// BenchmarkFold measures the fold of one event: batches of 256, as a busy log delivers
// them, a flush every 8,000 events, as at 80,000 events per second, and subscribers of the first product.
// Paced frames are delivered on another goroutine.
func BenchmarkFold(b *testing.B) {
	for _, products := range []int{1, 1000} {
		for _, subscribers := range []int{0, 100, 10_000} {
			b.Run(fmt.Sprintf("products=%d/subscribers=%d", products, subscribers), func(b *testing.B) {
				benchmarkFold(b, products, subscribers)
			})
		}
	}
}

func benchmarkFold(b *testing.B, products, subscribers int) {
	const stock = 1 << 40
	log := logtest.NewMemory()
	streams := make([]events.StreamID, products)
	for i := range streams {
		streams[i] = product(events.ProductID(fmt.Sprint("p", i)))
		log.Recorded = append(log.Recorded, logtest.Record(streams[i], 0, events.Position(i+1),
			&events.ProductCreated{ProductID: events.ProductID(streams[i].Entity()), Stock: stock}))
	}
	p, err := Open(Config{Store: log, Dir: b.TempDir(), Spawn: spawn})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	if err := p.apply(log.Recorded); err != nil {
		b.Fatal(err)
	}
	close(p.ready)
	for range subscribers {
		subscribe(b, p, "product:p0", live.Resume{}, &counter{})
	}
	batch := make([]events.Recorded, 256)
	facts := make([]events.ProductReserved, len(batch))
	for i := range batch {
		facts[i].Quantity = 1
		batch[i] = logtest.Record(streams[0], 0, 0, &facts[i])
		batch[i].Metadata, _ = events.Seal(nil, events.Hash{}, "", 0, &batch[i].Event, &events.Metadata{})
	}
	position, n, unflushed := p.Position(), 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if i := n % len(batch); i == 0 && n > 0 {
			if err := p.apply(batch); err != nil {
				b.Fatal(err)
			}
			if unflushed += len(batch); unflushed >= 8000 {
				p.mu.Lock()
				err := p.flush()
				p.mu.Unlock()
				if err != nil {
					b.Fatal(err)
				}
				unflushed = 0
			}
		}
		i, round := n%len(batch), n/products+1
		position++
		batch[i].Stream, batch[i].Revision, batch[i].Position = streams[n%products], events.Revision(round), position
		facts[i].Remaining = stock - int64(round)
		n++
	}
}
