package events

import "context"

// Latest is what some stores have beside Store to find the last events of many
// streams quickly. It calls take with the events of each of streams, from the last
// one at or before position backwards, for as long as take returns true.
type Latest interface {
	// Latest's errors: those of [Store].Read; take's.
	Latest(ctx context.Context, streams []StreamID, position Position, take func(i int, e *Recorded) (more bool, err error)) error
}

// latestPage is how many events of a stream are read at once: most have fewer.
const latestPage = 16

// ReadLatest is [Latest] for every store, at the store's own speed if it has it.
func ReadLatest(ctx context.Context, store Store, streams []StreamID, position Position, take func(i int, e *Recorded) (more bool, err error)) error {
	if p, ok := store.(*prefix); ok {
		return ReadLatest(ctx, p.Store, streams, min(position, p.end), take)
	}
	if quick, ok := store.(Latest); ok {
		return quick.Latest(ctx, streams, position, take)
	}
	for i, stream := range streams {
		for from, more := EndRevision, true; more && from >= 0; {
			page, err := store.Read(ctx, stream, from, Backward, latestPage)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			from = page[len(page)-1].Revision - 1
			for k := 0; k < len(page) && more; k++ {
				if page[k].Position > position {
					continue
				}
				if more, err = take(i, &page[k]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
