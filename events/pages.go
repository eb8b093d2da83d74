package events

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

const (
	// pageSize is the number of events per page of the iterators below.
	pageSize = 1024
	// streamAhead is the number of pages of a stream that are fetched ahead concurrently. For the whole log
	// it is allAhead: each page is needed to find the start of the next.
	streamAhead, allAhead = 2, 1
)

// Stream iterates over a stream forward from a revision, page by page. It reads ahead once the second page
// is needed. An error ends the iteration.
func Stream(ctx context.Context, store Store, stream StreamID, from Revision) iter.Seq2[Recorded, error] {
	return pages(ctx, streamAhead, func(ctx context.Context, number int, _ *Recorded) ([]Recorded, error) {
		return store.Read(ctx, stream, from+Revision(number)*pageSize, Forward, pageSize)
	})
}

// All iterates over the log forward, from after a position to its current end, page by page. It reads
// ahead once the second page is needed. An error ends the iteration.
func All(ctx context.Context, store Store, after Position) iter.Seq2[Recorded, error] {
	return pages(ctx, allAhead, func(ctx context.Context, _ int, last *Recorded) ([]Recorded, error) {
		from := after
		if last != nil {
			from = last.Position
		}
		return store.ReadAll(ctx, from, Forward, pageSize)
	})
}

// fetched is the result of fetching a page.
type fetched struct {
	events []Recorded
	err    error
}

// pages iterates over pages up to the first that is not full. fetch returns the page with a number from 0;
// last is the last event of the page that is being iterated over, nil for the first fetch. Up to ahead pages
// are fetched ahead once the second one is needed. When the iteration ends, all fetches have ended.
func pages(ctx context.Context, ahead int,
	fetch func(ctx context.Context, number int, last *Recorded) ([]Recorded, error)) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		fetchCtx, cancel := context.WithCancel(ctx)
		var fetching sync.WaitGroup
		defer fetching.Wait()
		defer cancel()
		first, err := fetch(fetchCtx, 0, nil)
		current, number := fetched{first, err}, 1
		var queue []chan fetched
		for {
			if current.err != nil {
				yield(Recorded{}, current.err)
				return
			}
			full := len(current.events) == pageSize
			for ; full && number > 1 && len(queue) < ahead; number++ {
				next, n, last := make(chan fetched, 1), number, &current.events[pageSize-1]
				fetching.Go(func() {
					defer func() {
						if cause := recover(); cause != nil {
							next <- fetched{err: fmt.Errorf("%w: %v", ErrDamaged, cause)}
						}
					}()
					page, err := fetch(fetchCtx, n, last)
					next <- fetched{page, err}
				})
				queue = append(queue, next)
			}
			for i := range current.events {
				if !yield(current.events[i], nil) {
					return
				}
			}
			switch {
			case !full:
				return
			case len(queue) > 0:
				current, queue = <-queue[0], queue[1:]
			default: // the second page is needed
				page, err := fetch(fetchCtx, number, &current.events[pageSize-1])
				current, number = fetched{page, err}, number+1
			}
		}
	}
}
