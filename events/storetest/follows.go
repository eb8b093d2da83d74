package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"admitone/events"
)

// errStop is returned by a handler that has received all expected events.
var errStop = errors.New("stop")

// follow returns this run's events above after, once there are n.
func (b *suite) follow(after events.Position, n int) ([]events.Recorded, error) {
	var got []events.Recorded
	last := after
	err := b.store.Follow(b.ctx, after, func(page []events.Recorded) error {
		if len(page) == 0 {
			return errors.New("the handler was called with an empty page")
		}
		for _, r := range page {
			if r.Position <= last {
				return fmt.Errorf("position %d follows %d, want increasing positions", r.Position, last)
			}
			last = r.Position
			if b.isOwn(r) {
				got = append(got, r)
			}
		}
		if len(got) >= n {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) {
		return got, fmt.Errorf("the follower ended after %d of %d events: %w", len(got), n, err)
	}
	return got, nil
}

func followFromBefore(b *suite) {
	fillMixed(b, b.stream("a"))
	all := b.log()
	got, err := b.follow(b.begin, len(all))
	b.noErr(err)
	b.checkEqual(got, all)
}

func followFromMiddle(b *suite) {
	fillMixed(b, b.stream("a"))
	all := b.log()
	for _, i := range []int{0, 1, len(all) / 2, len(all) - 2} {
		got, err := b.follow(all[i].Position, len(all)-i-1)
		b.noErr(err)
		b.checkEqual(got, all[i+1:])
	}
}

func followFromHead(b *suite) {
	b.fill(b.stream("before"), 5)
	head, err := b.store.Head(b.ctx)
	b.noErr(err)
	stream := b.stream("after")
	want := b.batch(5)
	var got []events.Recorded
	b.concurrently(2, func(n int) error {
		if n == 0 {
			for i := range want {
				if _, err := b.store.Append(b.ctx, stream, events.Revision(i)-1, want[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
		var err error
		got, err = b.follow(head, len(want))
		return err
	})
	b.checkAppended(got, want, 0, 1)
}

// followDuringAppends: followers receive the events of concurrent appends in the order of the log.
func followDuringAppends(b *suite) {
	const writers, appends, followers = 4, 150, 3
	total := 0
	for i := range appends {
		total += writers * (1 + i%5)
	}
	got := make([][]events.Recorded, followers)
	b.concurrently(writers+followers, func(n int) error {
		if n >= writers {
			var err error
			got[n-writers], err = b.follow(b.begin, total)
			return err
		}
		revision := events.NoStream
		for i := range appends {
			appended, err := b.store.Append(b.ctx, b.stream(fmt.Sprint(n)), revision, b.batch(1+i%5))
			if err != nil {
				return err
			}
			revision = appended.Revision
		}
		return nil
	})
	all := b.log()
	for i := range got {
		b.checkEqual(got[i], all)
	}
}

// followTwice: followers are independent of each other.
func followTwice(b *suite) {
	fillMixed(b, b.stream("a"))
	all := b.log()
	var got [2][]events.Recorded
	b.concurrently(2, func(n int) error {
		from := b.begin
		if n == 1 {
			from = all[4].Position
		}
		var err error
		got[n], err = b.follow(from, len(all)-5*n)
		return err
	})
	b.checkEqual(got[0], all)
	b.checkEqual(got[1], all[5:])
}

// followBlocked: a follower whose handler blocks delays neither appends nor other followers, and misses no events.
func followBlocked(b *suite) {
	const n = 3000
	stream := b.stream("a")
	b.append(stream, events.NoStream, b.batch(1))
	blocked, release := make(chan struct{}), make(chan struct{})
	var got []events.Recorded
	ended := make(chan error, 1)
	go func() {
		ended <- b.store.Follow(b.ctx, b.begin, func(page []events.Recorded) error {
			if got == nil {
				close(blocked)
				<-release
			}
			for _, r := range page {
				if b.isOwn(r) {
					got = append(got, r)
				}
			}
			if len(got) > n {
				return errStop
			}
			return nil
		})
	}()
	select {
	case <-blocked:
	case err := <-ended:
		b.Fatal(err)
	}
	for i := 0; i < n; i += 100 {
		b.append(stream, events.Revision(i), b.batch(100))
	}
	_, err := b.follow(b.begin, n+1)
	close(release)
	b.noErr(err)
	b.wantErr(<-ended, errStop)
	b.checkEqual(got, b.log())
}

func followHandlerFails(b *suite) {
	b.fill(b.stream("a"), 3)
	broken := errors.New("the handler fails")
	var calls atomic.Int64
	err := b.store.Follow(b.ctx, b.begin, func([]events.Recorded) error {
		calls.Add(1)
		return broken
	})
	b.wantErr(err, broken)
	if calls.Load() != 1 {
		b.Fatalf("the handler was called %d times, want 1", calls.Load())
	}
}

func followContext(b *suite) {
	b.fill(b.stream("a"), 3)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	seen := 0
	err := b.store.Follow(ctx, b.begin, func(page []events.Recorded) error {
		for _, r := range page {
			if b.isOwn(r) {
				seen++
			}
		}
		if seen == 3 { // the follower has all events
			cancel()
		}
		return nil
	})
	b.wantErr(err, context.Canceled)
	err = b.store.Follow(ctx, b.begin, func([]events.Recorded) error {
		return errors.New("the handler was called although the context had ended")
	})
	b.wantErr(err, context.Canceled)
}
