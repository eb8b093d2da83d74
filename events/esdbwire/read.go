package esdbwire

import (
	"context"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// reading is one call of Read.
type reading struct {
	*Server
	ctx    context.Context
	call   streams.Streams_ReadServer
	encode encoder
	filter *filter // nil selects all
	count  uint64  // number of requested events; unused for a subscription
	// bounds means that the client understands the messages about the first and the last position of a
	// stream. Other clients stop at them.
	bounds bool
}

// Read reads or follows a stream or the whole log.
func (w streamsWire) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	ctx, stop := w.readContext(call.Context())
	defer stop()
	r := &reading{Server: w.Server, ctx: ctx, call: call}
	return w.fail(call.Context(), r.run(request.GetOptions()))
}

// run checks the options and serves the request.
func (r *reading) run(o *streams.ReadReq_Options) error {
	if err := r.mayRead(r.ctx); err != nil {
		return err
	}
	switch o.GetUuidOption().GetContent().(type) {
	case *streams.ReadReq_Options_UUIDOption_Structured:
	case *streams.ReadReq_Options_UUIDOption_String_:
		r.encode.strings = true
	default:
		return badRequest("the form of ids is missing")
	}
	r.count = o.GetCount()
	r.bounds = o.GetControlOption().GetCompatibility() >= 1
	if f := o.GetFilter(); f != nil {
		var err error
		if r.filter, err = newFilter(f); err != nil {
			return err
		}
	}
	_, counted := o.GetCountOption().(*streams.ReadReq_Options_Count)
	_, subscribed := o.GetCountOption().(*streams.ReadReq_Options_Subscription)
	backward := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	if subscribed {
		if err := r.subscriptions.enter(); err != nil {
			return err
		}
		defer r.subscriptions.leave()
	}
	switch from := o.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		if r.filter != nil {
			return badRequest("only the whole log is read with a filter")
		}
		stream, err := streamOf(from.Stream.GetStreamIdentifier())
		switch {
		case err != nil:
			return err
		case counted:
			return r.stream(stream, from.Stream, backward)
		case subscribed && !backward:
			return r.subscribeStream(stream, from.Stream)
		}
	case *streams.ReadReq_Options_All:
		switch {
		case counted:
			return r.all(from.All, backward)
		case subscribed && !backward:
			return r.subscribeAll(from.All)
		}
	}
	return badRequest("those options do not go together")
}

// send sends one event.
func (r *reading) send(e *events.Recorded) error {
	return r.call.SendMsg(r.encode.event(e))
}

// stream reads up to count events of a stream.
func (r *reading) stream(stream events.StreamID, o *streams.ReadReq_Options_StreamOptions, backward bool) error {
	c, err := r.condition(r.ctx, stream)
	if err != nil {
		return err
	}
	if !c.readable() {
		return streamDeleted(stream)
	}
	if c.last < 0 || c.softDeleted() {
		return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: identifier(stream)},
		}})
	}
	from, err := revisionOf(o)
	if err != nil {
		return err
	}
	if backward {
		err = r.backward(c, min(from, c.last))
	} else {
		err = r.forward(c, from)
	}
	if err != nil || !r.bounds {
		return err
	}
	return r.call.Send(&streams.ReadResp{
		Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: uint64(c.last)},
	})
}

// revisionOf decodes the revision to begin at, EndRevision for the end.
func revisionOf(o *streams.ReadReq_Options_StreamOptions) (events.Revision, error) {
	switch from := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Start:
		return 0, nil
	case *streams.ReadReq_Options_StreamOptions_End:
		return events.EndRevision, nil
	case *streams.ReadReq_Options_StreamOptions_Revision:
		return events.Revision(min(from.Revision, math.MaxInt64)), nil
	}
	return 0, badRequest("where to begin is missing")
}

// forward sends the visible events of c's stream from a revision on.
func (r *reading) forward(c *condition, from events.Revision) error {
	oldest := c.oldest(r.config.Now())
	sent, _, err := r.sendPages(c, max(from, c.first()), oldest, r.count)
	if err == nil && sent == 0 && r.count > 0 && r.bounds && from != c.last+1 {
		return r.call.Send(&streams.ReadResp{
			Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: uint64(c.last + 1)},
		})
	}
	return err
}

// sendPages sends up to count events from a revision to c.last, except for those recorded before oldest. It
// returns the number of events sent, and the revision after the last event read.
func (r *reading) sendPages(c *condition, from events.Revision, oldest time.Time,
	count uint64) (sent uint64, next events.Revision, err error) {
	var page pager
	for next = from; sent < count && next <= c.last; {
		found, err := r.store.Read(r.ctx, c.stream, next, events.Forward, page.limit(min(count-sent, uint64(c.last-next)+1)))
		if err != nil || len(found) == 0 {
			return sent, next, err
		}
		page.record(found)
		for i := range found {
			next = found[i].Revision + 1
			if found[i].Created.Before(oldest) {
				continue
			}
			if err := r.send(&found[i]); err != nil {
				return sent, next, err
			}
			sent++
		}
	}
	return sent, next, nil
}

// backward sends the visible events of c's stream from a revision, in descending order.
func (r *reading) backward(c *condition, from events.Revision) error {
	var page pager
	first, oldest := c.first(), c.oldest(r.config.Now())
	for left := r.count; left > 0 && from >= first; {
		found, err := r.store.Read(r.ctx, c.stream, from, events.Backward, page.limit(min(left, uint64(from-first)+1)))
		if err != nil || len(found) == 0 {
			return err
		}
		page.record(found)
		for i := range found {
			if found[i].Created.Before(oldest) {
				return nil // all earlier events are hidden too
			}
			if err := r.send(&found[i]); err != nil {
				return err
			}
		}
		left -= uint64(len(found))
		from = found[len(found)-1].Revision - 1
	}
	return nil
}
