package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/embedded"
)

// callers is the number of concurrent callers of measurements in this process.
const callers = 4096

// rawBatch is the number of events per append to the raw store.
const rawBatch = 1024

// harness is a desk on an embedded log.
type harness struct {
	store *embedded.Store
	desk  *actors.Desk
}

// openHarness opens a desk on the log in dir. An entity has at least snapshotEvery events between two snapshots;
// 0 stands for the default.
func openHarness(dir string, snapshotEvery int64) (*harness, error) {
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return nil, err
	}
	engine, err := actors.NewEngine()
	if err != nil {
		return nil, err
	}
	desk := actors.NewDesk(engine, actors.Config{Store: store, Snapshots: store, Kinds: []core.Kind{product.Kind},
		IdleAfter: time.Hour, SnapshotEvery: snapshotEvery})
	return &harness{store: store, desk: desk}, nil
}

func (h *harness) close() error {
	if err := h.desk.Close(context.Background()); err != nil {
		return err
	}
	return h.store.Close()
}

func (h *harness) ask(stream events.StreamID, command any) (actors.Answer, error) {
	id := actors.NewCommandID()
	return h.desk.Ask(context.Background(), actors.Request{Stream: stream, Command: command, ID: id,
		CorrelationID: string(id), CausationID: string(id), Actor: "holder-123456"})
}

// reserve reserves one unit of a product, or holds it.
func (h *harness) reserve(stream events.StreamID, holder events.Holder, hold bool) error {
	_, err := h.ask(stream, &product.Reserve{ReservationID: actors.NewID(), Holder: holder, Quantity: 1, Hold: hold})
	return err
}

func (h *harness) create(id events.ProductID) error {
	_, err := h.ask(product.Stream(id), &product.Create{ID: id, Name: "x", Stock: product.MaxStock, HoldSeconds: 300})
	return err
}

// sell makes the callers reserve for a duration, distributed evenly over a number of products, and returns the
// rate per second.
func (h *harness) sell(d time.Duration, products int) (float64, error) {
	streams := make([]events.StreamID, products)
	for i := range streams {
		id := events.ProductID(fmt.Sprintf("p%d-%d", products, i))
		if err := h.create(id); err != nil {
			return 0, err
		}
		streams[i] = product.Stream(id)
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for c := range callers {
		wg.Go(func() {
			for time.Since(start) < d {
				if err := h.reserve(streams[c%products], "holder-123456", false); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}

// appendRaw appends events of the same type directly to a store for a duration, in batches of rawBatch, and returns
// the rate of events per second. The time to encode them does not count.
func appendRaw(dir string, d time.Duration) (float64, error) {
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	stream := product.Stream("raw")
	var spent time.Duration
	count, expected := 0, events.NoStream
	var hash events.Hash
	for spent < d {
		batch := make([]events.Event, rawBatch)
		for i := range batch {
			id := actors.NewCommandID()
			fact := &events.ProductReserved{
				ReservationID: events.ReservationID(actors.NewID().String()),
				Holder:        "holder-123456",
				Quantity:      1,
				Remaining:     1 << 29,
			}
			e := events.Event{
				ID:   events.EventID(string(id), 0),
				Type: fact.Name(),
				Fact: fact,
				Data: events.AppendFact(nil, fact),
			}
			e.Metadata, hash = events.Seal(nil, hash, stream, expected+events.Revision(i)+1, &e, &events.Metadata{
				CommandID: string(id), CorrelationID: string(id), CausationID: string(id), Actor: "holder-123456", At: time.Now()})
			batch[i] = e
		}
		start := time.Now()
		appended, err := store.Append(context.Background(), stream, expected, batch)
		if err != nil {
			return 0, err
		}
		spent += time.Since(start)
		expected = appended.Revision
		count += rawBatch
	}
	return float64(count) / spent.Seconds(), nil
}

func measureEntity(b *bench) ([]row, error) {
	var store, hot, spreadOut []float64
	for turn := range b.turns {
		dir := func(name string) string { return filepath.Join(b.dir, fmt.Sprintf("%s-%d", name, turn)) }
		rate, err := appendRaw(dir("raw"), b.duration)
		if err != nil {
			return nil, err
		}
		store = append(store, rate)
		for _, side := range []struct {
			products int
			rates    *[]float64
		}{{1, &hot}, {1000, &spreadOut}} {
			h, err := openHarness(dir(fmt.Sprint("sell", side.products)), 0)
			if err != nil {
				return nil, err
			}
			rate, err := h.sell(b.duration, side.products)
			if err != nil {
				return nil, err
			}
			*side.rates = append(*side.rates, rate)
			if err := h.close(); err != nil {
				return nil, err
			}
			os.RemoveAll(dir(fmt.Sprint("sell", side.products)))
			runtime.GC()
		}
		os.RemoveAll(dir("raw"))
	}
	return []row{
		{"the raw embedded store, batches of 1,024", spread(store, "%.0f events/s"), ""},
		{"one hot entity in process, 4,096 callers", spread(hot, "%.0f/s"), ""},
		{"… as a share of the raw store", spread(ratios(hot, store), "%.2f"), "≥ 0.50"},
		{"… as a share of a thousand entities, same callers", spread(ratios(hot, spreadOut), "%.2f"), "≥ 0.90"},
	}, nil
}
