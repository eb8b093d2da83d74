package events

import "context"

// Latest is implemented by stores that can find the last events of many streams quickly.
type Latest interface {
	// Latest calls visit for the events of each stream backwards, from the last one at or before position,
	// until visit returns false or the stream begins. i is the index of the stream in streams. Errors: those
	// of [Store.Read] and visit.
	Latest(ctx context.Context, streams []StreamID, position Position,
		visit func(i int, e *Recorded) (more bool, err error)) error
}

// latestPage is the number of events of a stream per read: most streams have fewer.
const latestPage = 16

// ReadLatest is [Latest] for any store. It uses the store's own implementation if there is one.
func ReadLatest(ctx context.Context, store Store, streams []StreamID, position Position,
	visit func(i int, e *Recorded) (more bool, err error)) error {
	if p, ok := store.(*prefix); ok {
		return ReadLatest(ctx, p.Store, streams, min(position, p.end), visit)
	}
	if fast, ok := store.(Latest); ok {
		return fast.Latest(ctx, streams, position, visit)
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
				if more, err = visit(i, &page[k]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
