package esdbwire

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// streamsWire implements the streams service.
type streamsWire struct {
	streams.UnimplementedStreamsServer
	*Server
}

// maxDrained bounds the part of a refused append that is still received. Otherwise a client that is
// refused while it sends would see a broken stream instead of the reason.
const maxDrained = 64 << 20

// incoming is an append that is being received.
type incoming struct {
	write
	size     int   // in bytes, as counted for the limit
	numbered bool  // whether the client encoded "no stream" as revision 2^64-1
	refused  error // the first reason for a refusal, nil for none
}

// options processes the options of an append.
func (in *incoming) options(o expecting) {
	stream, err := streamOf(o.GetStreamIdentifier())
	if err == nil {
		in.stream = stream
		in.expected, err = expects(o)
		in.numbered = o.GetRevision() == math.MaxUint64
	}
	if err == nil && stream == allName {
		err = accessDenied()
	}
	in.refuse(err)
}

// add adds one event of size bytes. If err is not nil, the event is invalid. Events of refused appends
// are dropped.
func (in *incoming) add(e events.Event, err error, size, limit int) {
	in.size += size
	if in.size > limit {
		in.refuse(tooLarge(limit))
	}
	if in.refused != nil {
		return
	}
	in.batch = append(in.batch, e)
	in.refuse(err)
}

func (in *incoming) refuse(err error) {
	if in.refused == nil && err != nil {
		in.refused, in.batch = err, nil
	}
}

// Append receives one append, event by event, and writes it.
func (w streamsWire) Append(call streams.Streams_AppendServer) error {
	in, err := w.receive(call)
	if err != nil {
		return err
	}
	var result written
	if err = in.refused; err == nil {
		result, err = w.appendInTurn(call.Context(), w.queues.join(in.stream), in.write)
	}
	var wrong *wrongVersion
	if errors.As(err, &wrong) {
		return call.SendAndClose(&streams.AppendResp{Result: wrong.appendResult(in.numbered)})
	}
	if err != nil {
		return w.fail(call.Context(), err)
	}
	return call.SendAndClose(&streams.AppendResp{Result: result.appendResult()})
}

// receive receives a whole append. Error: that of the connection.
func (w streamsWire) receive(call streams.Streams_AppendServer) (*incoming, error) {
	in := &incoming{refused: w.mayWrite(call.Context())}
	for started := false; ; started = true {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			if !started {
				in.refuse(badRequest("an append begins with its options"))
			}
			return in, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case !started && m.GetOptions() != nil:
			in.options(m.GetOptions())
		case started && m.GetProposedMessage() != nil:
			p := m.GetProposedMessage()
			e, err := eventOf(p)
			in.add(e, err, sizeOf(p), w.config.MaxAppend)
		default:
			in.refuse(badRequest("an append is its options and then its events"))
		}
		if in.size > maxDrained {
			return in, nil
		}
	}
}

// appendInTurn waits for p's turn in the stream's queue, appends, and leaves the queue.
func (s *Server) appendInTurn(ctx context.Context, p *ticket, w write) (result written, err error) {
	defer p.leave()
	defer s.guard("append", &err)
	if err := p.wait(ctx); err != nil {
		return written{}, err
	}
	return s.append(ctx, w)
}

// appendInTurnThen is appendInTurn without waiting. It calls then once with the result, possibly on the
// goroutine of an events.AsyncAppender, so then must not block.
func (s *Server) appendInTurnThen(ctx context.Context, p *ticket, w write, then func(written, error)) {
	wait := func() { then(s.appendInTurn(ctx, p, w)) }
	c := s.readyCondition(ctx, p, &w)
	if c == nil {
		go wait()
		return
	}
	end := func(appended events.Appended, err error) {
		if errors.Is(err, events.ErrConflict) {
			go wait() // another writer was faster, so the append has to be decided again
			return
		}
		if err == nil {
			s.appended(c, w.batch, appended)
		}
		p.leave()
		then(written(appended), err)
	}
	if err := s.appendThen(ctx, c, w.batch, end); err != nil {
		p.leave()
		then(written{}, err)
	}
}

func (s *Server) appendThen(ctx context.Context, c *condition, batch []events.Event,
	then func(events.Appended, error)) (err error) {
	defer s.guard("append", &err)
	return s.async.AppendThen(ctx, c.stream, c.last, batch, then)
}

// readyCondition returns the condition of w's stream, if it is p's turn and the condition is known, without
// waiting, to fulfil w's expectation. Otherwise it returns nil: w has to wait, or to be decided on the log.
func (s *Server) readyCondition(ctx context.Context, p *ticket, w *write) (c *condition) {
	var failed error
	defer s.guard("append", &failed)
	_, limited := ctx.Deadline() // an AsyncAppender has none
	_, meta := originOf(w.stream)
	if s.async == nil || limited || meta || p.before != nil || len(w.batch) == 0 {
		return nil
	}
	c = s.conditions.take(w.stream)
	if c == nil && w.expected == expectNone {
		c, _ = s.condition(ctx, w.stream) // cheap for a new stream; after an error, the append waits for its turn
	}
	if c == nil {
		return nil
	}
	if c.tombstoned || c.softDeleted() || events.Revision(w.expected) != c.last {
		s.conditions.put(c)
		return nil
	}
	return c
}

func (w written) appendResult() *streams.AppendResp_Success_ {
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}},
		PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}},
	}
	if w.Revision != events.NoStream {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(w.Revision)}
	}
	if w.Position > 0 {
		success.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: uint64(w.Position), PreparePosition: uint64(w.Position),
		}}
	}
	return &streams.AppendResp_Success_{Success: success}
}

// appendResult sets the current members and those for clients from before 20.6. numbered means that the
// client encoded "no stream" as a revision, which is echoed.
func (w *wrongVersion) appendResult(numbered bool) *streams.AppendResp_WrongExpectedVersion_ {
	type result = streams.AppendResp_WrongExpectedVersion
	r := &result{
		CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{
			CurrentNoStream: &shared.Empty{},
		},
		CurrentRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{
			NoStream_20_6_0: &shared.Empty{},
		},
		ExpectedRevisionOption: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{
			ExpectedRevision: uint64(w.expected),
		},
		ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{
			ExpectedRevision_20_6_0: uint64(w.expected),
		},
	}
	if w.current != events.NoStream {
		r.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(w.current)}
		r.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{
			CurrentRevision_20_6_0: uint64(w.current),
		}
	}
	switch w.expected {
	case expectAny:
		r.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		r.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case expectExists:
		r.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: &shared.Empty{},
		}
		r.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{
			StreamExists_20_6_0: &shared.Empty{},
		}
	case expectNone: // the member for old clients is already 2^64-1
		if numbered {
			break
		}
		r.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{
			ExpectedNoStream: &shared.Empty{},
		}
	}
	return &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: r}
}
