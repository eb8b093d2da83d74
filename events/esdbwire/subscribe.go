package esdbwire

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// confirm sends the first message of a subscription.
func (r *reading) confirm() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: newID().String()},
	}})
}

func (r *reading) sendCaughtUp() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

// subscribeStream sends a stream's events after a revision, and continues with new ones.
func (r *reading) subscribeStream(stream events.StreamID, o *streams.ReadReq_Options_StreamOptions) error {
	next, err := revisionOf(o)
	if err != nil {
		return err
	}
	var atEnd bool
	switch o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_End:
		atEnd = true
	case *streams.ReadReq_Options_StreamOptions_Revision:
		next = min(next, events.EndRevision-1) + 1 // subscriptions begin after the given revision
	}
	// The head is read first, so that no event is missed. Events after it that have already been sent are
	// recognized by their revisions.
	head, err := r.store.Head(r.ctx)
	if err != nil {
		return err
	}
	c, err := r.condition(r.ctx, stream)
	if err != nil {
		return err
	}
	if !c.readable() {
		return streamDeleted(stream)
	}
	if err := r.confirm(); err != nil {
		return err
	}
	if atEnd {
		next = c.last + 1
	}
	if !c.softDeleted() {
		oldest := c.oldest(r.config.Now())
		if _, _, err := r.sendPages(c, max(next, c.first()), oldest, math.MaxUint64); err != nil {
			return err
		}
	}
	next = max(next, c.last+1)
	if err := r.sendCaughtUp(); err != nil {
		return err
	}
	return r.store.Follow(r.ctx, head, func(page []events.Recorded) error {
		for i := range page {
			e := &page[i]
			if e.Stream != stream {
				continue
			}
			ended := isTombstone(&e.Event)
			if e.Revision < next && !ended {
				continue
			}
			if err := r.send(e); err != nil {
				return err
			}
			if ended {
				return streamDeleted(stream)
			}
		}
		return nil
	})
}

// subscribeAll sends the log's events after a position, and continues with new ones.
func (r *reading) subscribeAll(o *streams.ReadReq_Options_AllOptions) error {
	start, err := pairOf(o)
	if err != nil {
		return err
	}
	if r.filter != nil && r.filter.interval == 0 {
		return badRequest("a filter's window and the multiplier of its checkpoints are above zero")
	}
	head, err := r.store.Head(r.ctx)
	if err != nil {
		return err
	}
	if err := r.confirm(); err != nil {
		return err
	}
	after := start.lastThrough()
	switch {
	case start == endPair:
		after = head
	case start.commit > math.MaxInt64 || start.prepare > math.MaxInt64:
		return badRequest("(%d, %d) is no position", start.commit, start.prepare)
	}
	f := &following{reading: r, checkpoint: after, at: after}
	if r.filter != nil && start == (pair{}) {
		if err := f.sendCheckpoint(); err != nil {
			return err
		}
	}
	if after >= head {
		f.live = true
		if err := r.sendCaughtUp(); err != nil {
			return err
		}
	}
	return r.store.Follow(r.ctx, after, f.sendPage)
}

// following is a subscription to the log.
type following struct {
	*reading
	at         events.Position // of the last event considered
	checkpoint events.Position // the last checkpoint sent, or the start
	considered uint64          // number of events since the checkpoint
	live       bool            // whether the subscription has caught up once
}

// sendPage sends the selected events of a page. A checkpoint is the last event considered, not the next,
// because a subscription resumes after its checkpoint.
func (f *following) sendPage(page []events.Recorded) error {
	head, err := f.store.Head(f.ctx)
	if err != nil {
		return err
	}
	for i := range page {
		e := &page[i]
		if isInternal(e) {
			continue
		}
		if f.filter.matches(e) {
			if err := f.send(e); err != nil {
				return err
			}
		}
		f.at = e.Position
		if f.considered++; f.filter != nil && f.considered == f.filter.interval {
			if err := f.sendCheckpoint(); err != nil {
				return err
			}
		}
	}
	if f.live || page[len(page)-1].Position < head {
		return nil
	}
	f.live = true
	if f.filter != nil && f.at > f.checkpoint {
		if err := f.sendCheckpoint(); err != nil {
			return err
		}
	}
	return f.sendCaughtUp()
}

func (f *following) sendCheckpoint() error {
	f.checkpoint, f.considered = f.at, 0
	return f.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: uint64(f.at), PreparePosition: uint64(f.at),
	}}})
}
