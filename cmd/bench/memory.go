package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// heap returns the memory of live objects and stacks after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func measureIdleEntity(b *bench) ([]row, error) {
	const entities = 200_000
	h, err := openHarness(filepath.Join(b.dir, "idle"), 0)
	if err != nil {
		return nil, err
	}
	defer h.close()
	if err := h.create("warm"); err != nil {
		return nil, err
	}
	before := heap()
	var wg sync.WaitGroup
	var failed error
	var once sync.Once
	for c := range 64 {
		wg.Go(func() {
			for i := c; i < entities; i += 64 {
				if err := h.create(events.ProductID(fmt.Sprint("e", i))); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	perEntity := float64(heap()-before) / entities
	return []row{{"an active idle entity (of 200,000)", fmt.Sprintf("%.0f B", perEntity), "≤ 1.2 KB"}}, nil
}

// measureMillion creates a million holds of one product, and measures its memory, the effect of its snapshots on
// its commands, and the time to load it.
func measureMillion(b *bench) ([]row, error) {
	const reservations = 1_000_000
	dir := filepath.Join(b.dir, "million")
	before := heap()
	h, err := openHarness(dir, 4)
	if err != nil {
		return nil, err
	}
	if err := h.create("million"); err != nil {
		return nil, err
	}
	if err := h.fill("million", reservations, 1024); err != nil {
		return nil, err
	}
	h.settle()
	used := heap() - before
	quiet, err := h.longest("million", 3*time.Second, false)
	if err != nil {
		return nil, err
	}
	busy, err := h.longest("million", 3*time.Second, true)
	if err != nil {
		return nil, err
	}
	h.desk.Sweep() // the first sweep finds the entity unused
	h.desk.Sweep() // the second saves it
	h.settle()
	if err := h.close(); err != nil {
		return nil, err
	}
	if h, err = openHarness(dir, 0); err != nil {
		return nil, err
	}
	defer h.close()
	start := time.Now()
	if _, err := h.desk.View(context.Background(), product.Stream("million"), func(core.Core) {}); err != nil {
		return nil, err
	}
	return []row{
		{"a product with a million open holds", fmt.Sprintf("%d MB", used>>20), "≤ 150 MB"},
		{"… longest command of 3 s, one caller, without a snapshot", quiet.String(), ""},
		{"… and while its snapshot is written", busy.String(), "≤ 5 ms more"},
		{"… reactivated from its snapshot", time.Since(start).Round(time.Millisecond).String(), "≤ 1 s"},
	}, nil
}

// fill creates count holds of one product.
func (h *harness) fill(id events.ProductID, count, callers int) error {
	var wg sync.WaitGroup
	var failed error
	var once sync.Once
	for c := range callers {
		wg.Go(func() {
			for i := c; i < count; i += callers {
				if err := h.reserve(product.Stream(id), events.Holder(fmt.Sprint("holder-", i)), true); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

// settle waits until no snapshot is in progress.
func (h *harness) settle() {
	for h.desk.Stats().InFlight > 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// longest reserves sequentially for a duration and returns the longest wait. With snapshots, it requests a snapshot
// of the entity whenever enough events are unsaved.
func (h *harness) longest(id events.ProductID, d time.Duration, snapshots bool) (time.Duration, error) {
	var longest time.Duration
	start := time.Now()
	for time.Since(start) < d {
		if snapshots { // the first sweep finds the entity used, the second requests a snapshot
			h.desk.Sweep()
			h.desk.Sweep()
		}
		requested := time.Now()
		if err := h.reserve(product.Stream(id), "one", false); err != nil {
			return 0, err
		}
		longest = max(longest, time.Since(requested))
	}
	return longest.Round(10 * time.Microsecond), nil
}
