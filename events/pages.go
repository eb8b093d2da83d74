package events

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

const (
	// pageSize is the number of events that the iterators below fetch at once.
	pageSize = 1024
	// streamAhead is the number of pages of a stream that are fetched ahead at the same time,
	// allAhead of the whole log, where a page has the beginning of the next one.
	streamAhead, allAhead = 2, 1
)

// Stream iterates over a stream forward from a revision, page by page. It reads ahead once a page
// was full. An error ends it.
func Stream(ctx context.Context, store Store, stream StreamID, from Revision) iter.Seq2[Recorded, error] {
	return pages(ctx, streamAhead, func(ctx context.Context, number int, _ *Recorded) ([]Recorded, error) {
		return store.Read(ctx, stream, from+Revision(number)*pageSize, Forward, pageSize)
	})
}

// All iterates over the log forward from after a position to its current end, page by page. It reads
// ahead once a page was full. An error ends it.
func All(ctx context.Context, store Store, after Position) iter.Seq2[Recorded, error] {
	return pages(ctx, allAhead, func(ctx context.Context, _ int, last *Recorded) ([]Recorded, error) {
		from := after
		if last != nil {
			from = last.Position
		}
		return store.ReadAll(ctx, from, Forward, pageSize)
	})
}

// fetched is a page, or the error of reading it.
type fetched struct {
	events []Recorded
	err    error
}

// pages iterates over pages up to the first that is not full. fetch returns the page of a number;
// last is the last event of the newest page that was taken. Pages are fetched ahead once a second
// one is wanted. All fetches have ended
// when it ends.
func pages(ctx context.Context, ahead int,
	fetch func(ctx context.Context, number int, last *Recorded) ([]Recorded, error)) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		within, cancel := context.WithCancel(ctx)
		var fetching sync.WaitGroup
		defer fetching.Wait()
		defer cancel()
		first, err := fetch(within, 0, nil)
		now, number := fetched{first, err}, 1
		var queue []chan fetched
		for {
			if now.err != nil {
				yield(Recorded{}, now.err)
				return
			}
			full := len(now.events) == pageSize
			for ; full && number > 1 && len(queue) < ahead; number++ {
				next, n, last := make(chan fetched, 1), number, &now.events[pageSize-1]
				fetching.Go(func() {
					defer func() {
						if cause := recover(); cause != nil {
							next <- fetched{err: fmt.Errorf("%w: %v", ErrDamaged, cause)}
						}
					}()
					page, err := fetch(within, n, last)
					next <- fetched{page, err}
				})
				queue = append(queue, next)
			}
			for i := range now.events {
				if !yield(now.events[i], nil) {
					return
				}
			}
			switch {
			case !full:
				return
			case len(queue) > 0:
				now, queue = <-queue[0], queue[1:]
			default: // more than one page is wanted
				page, err := fetch(within, number, &now.events[pageSize-1])
				now, number = fetched{page, err}, number+1
			}
		}
	}
}
