package storetest

import (
	"errors"
	"fmt"

	"admitone/events"
)

func closing(b *suite) {
	b.closed = true
	b.fill(b.stream("a"), 2)
	following := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		first := true
		ended <- b.store.Follow(b.ctx, b.begin, func([]events.Recorded) error {
			if first {
				close(following)
				first = false
			}
			return nil
		})
	}()
	select {
	case <-following:
	case err := <-ended:
		b.Fatal(err)
	}
	b.noErr(b.store.Close())
	b.wantErr(<-ended, events.ErrClosed)
	b.noErr(b.store.Close())
	_, err := b.store.Append(b.ctx, b.stream("a"), 1, b.batch(1))
	b.wantErr(err, events.ErrClosed)
	_, err = b.store.Read(b.ctx, b.stream("a"), 0, events.Forward, 1)
	b.wantErr(err, events.ErrClosed)
	_, err = b.store.ReadAll(b.ctx, 0, events.Forward, 1)
	b.wantErr(err, events.ErrClosed)
	_, err = b.store.Head(b.ctx)
	b.wantErr(err, events.ErrClosed)
	b.wantErr(b.store.Follow(b.ctx, 0, func([]events.Recorded) error { return errStop }), events.ErrClosed)
}

// reopen closes the store during appends. After it is reopened, it has all acknowledged appends, and others
// completely or not at all.
func reopen(b *suite) {
	if b.target.Reopen == nil {
		b.Skip("this target can't be reopened")
	}
	const writers, minAppends = 8, 20
	fillMixed(b, b.stream("before"))
	before, epoch := b.log(), b.store.Epoch()
	acknowledged := make([]events.Revision, writers)
	ready := make(chan struct{}, writers)
	var closed error
	b.concurrently(writers+1, func(n int) error {
		if n == writers {
			for range writers {
				<-ready
			}
			closed = b.store.Close()
			return nil
		}
		return b.appendUntilClosed(b.stream(fmt.Sprint(n)), &acknowledged[n], func(i int) {
			if i == minAppends {
				ready <- struct{}{}
			}
		})
	})
	b.noErr(closed)
	b.store = b.target.Reopen(b.T, b.store)
	if b.store.Epoch() != epoch {
		b.Fatalf("epoch = %q, want %q as before", b.store.Epoch(), epoch)
	}
	b.checkEqual(b.log()[:len(before)], before)
	for n, want := range acknowledged {
		last := b.read(b.stream(fmt.Sprint(n)), events.EndRevision, events.Backward, 1)
		if len(last) != 1 || last[0].Revision < want || (last[0].Revision+1)%3 != 0 {
			b.Fatalf("the last event of writer %d is %v, want at least revision %d at the end of a batch", n, last, want)
		}
	}
	head, err := b.store.Head(b.ctx)
	b.noErr(err)
	if appended := b.append(b.stream("new"), events.NoStream, b.batch(1)); appended.Position <= head {
		b.Fatalf("appended at position %d, want one after the head %d", appended.Position, head)
	}
}

// appendUntilClosed appends batches of three events until the store is closed. It sets acknowledged to the last
// acknowledged revision, and calls each with the number of appends after each of them.
func (b *suite) appendUntilClosed(stream events.StreamID, acknowledged *events.Revision, each func(int)) error {
	*acknowledged = events.NoStream
	for i := 1; ; i++ {
		appended, err := b.store.Append(b.ctx, stream, *acknowledged, b.batch(3))
		if errors.Is(err, events.ErrClosed) || errors.Is(err, events.ErrUnknown) || errors.Is(err, events.ErrUnavailable) {
			return nil
		}
		if err != nil {
			return err
		}
		*acknowledged = appended.Revision
		each(i)
	}
}
