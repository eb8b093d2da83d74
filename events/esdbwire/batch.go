package esdbwire

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"admitone/events"
)

const (
	// maxOpen bounds the incomplete appends of one call, and maxWriting the appends being written. When
	// maxWriting is reached, no more messages of the call are received.
	maxOpen    = 1000
	maxWriting = 128
	// maxPending bounds the bytes of incomplete appends.
	maxPending = 64 << 20
)

// batches is one call of BatchAppend, with many concurrent appends, identified by their correlation ids.
// Each append gets exactly one answer.
type batches struct {
	*Server
	ctx    context.Context // of the call, because Close does not cancel writes in progress
	call   streams.Streams_BatchAppendServer
	denied error // nil if the caller may write

	receiving sync.Mutex           // held while a message is processed
	stopped   bool                 // no further message is processed; guarded by receiving
	open      map[events.ID]*batch // guarded by receiving
	pending   int                  // bytes of incomplete appends; guarded by receiving

	slots   chan struct{} // of maxWriting
	writing sync.WaitGroup
	results chan batchResult // of maxWriting: a write that has a slot can always send its result
	sending sync.Mutex       // held while an answer is sent
}

// batchResult is the result of a write.
type batchResult struct {
	batch  *batch
	result written
	err    error
}

// batch is one append of a call.
type batch struct {
	incoming
	id       *shared.UUID // as the client encoded it
	options  *streams.BatchAppendReq_Options
	deadline time.Time // zero for none
	pending  int       // bytes counted in batches.pending
	answered bool
}

// BatchAppend serves many concurrent appends.
func (w streamsWire) BatchAppend(call streams.Streams_BatchAppendServer) error {
	ctx := call.Context()
	b := &batches{
		Server: w.Server, ctx: ctx, call: call, denied: w.mayWrite(ctx),
		open: make(map[events.ID]*batch), slots: make(chan struct{}, maxWriting),
		results: make(chan batchResult, maxWriting),
	}
	var f *fault
	if errors.As(b.denied, &f) && f.code == codes.Unauthenticated {
		return w.fail(ctx, b.denied)
	}
	var answering sync.WaitGroup
	answering.Go(b.answerAll)
	err := b.run()
	b.writing.Wait()
	close(b.results)
	answering.Wait()
	return w.fail(ctx, err)
}

// run processes messages until the client has ended the call or the server stops. Receiving cannot be
// interrupted, so it has a goroutine that ends with the call. No write begins after run has returned.
func (b *batches) run() error {
	ended := make(chan error, 1)
	go func() { ended <- b.receiveAll() }()
	select {
	case err := <-ended:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case <-b.serving.Done():
		b.receiving.Lock()
		defer b.receiving.Unlock()
		b.stopped = true
		return b.serving.Err()
	}
}

// receiveAll processes messages. It never returns nil.
func (b *batches) receiveAll() (err error) {
	defer b.guard("batch append", &err)
	for known := (types{}); ; {
		m := &batchRequest{types: known}
		if err := b.call.RecvMsg(m); err != nil {
			return err
		}
		if err := b.process(m); err != nil {
			return err
		}
	}
}

// process calls receive, unless run has returned.
func (b *batches) process(m *batchRequest) error {
	b.receiving.Lock()
	defer b.receiving.Unlock()
	if b.stopped {
		return b.serving.Err()
	}
	return b.receive(m)
}

// receive adds a message to its append, and writes the append if the message is its last. An error ends
// the call.
func (b *batches) receive(m *batchRequest) error {
	id, err := idOf(m.GetCorrelationId())
	if err != nil {
		return b.answer(&batch{id: m.GetCorrelationId(), options: m.GetOptions()}, written{}, err)
	}
	a := b.open[id]
	if a == nil && m.GetOptions() == nil {
		return nil // belongs to an append that has ended
	}
	if a == nil {
		if len(b.open) >= maxOpen {
			return &fault{code: codes.ResourceExhausted, message: "too many appends have begun and not ended"}
		}
		a = b.begin(m)
		b.open[id] = a
	}
	for i := range m.proposed {
		p := &m.proposed[i]
		a.add(p.event, p.err, p.size, b.config.MaxAppend)
	}
	if b.updatePending(a); b.pending > maxPending {
		return &fault{code: codes.ResourceExhausted, message: "the appends that have begun and not ended are too large"}
	}
	if a.refused != nil && !a.answered {
		a.answered = true
		if err := b.answer(a, written{}, a.refused); err != nil {
			return err
		}
		a.id, a.options = nil, nil // updatePending does not count them, and they are no longer needed
	}
	if !m.GetIsFinal() {
		return nil
	}
	delete(b.open, id)
	b.pending -= a.pending
	if a.answered {
		return nil
	}
	return b.write(a)
}

// updatePending updates the pending bytes of an incomplete append.
func (b *batches) updatePending(a *batch) {
	b.pending -= a.pending
	a.pending = 0
	if a.refused == nil {
		a.pending = a.size
	}
	b.pending += a.pending
}

// begin starts the append whose first message is m.
func (b *batches) begin(m *batchRequest) *batch {
	a := &batch{id: m.GetCorrelationId(), options: m.GetOptions()}
	a.incoming.options(batchOptions{a.options})
	a.refuse(b.denied)
	if d := a.options.GetDeadline(); d != nil {
		a.deadline = time.Now().Add(d.AsDuration())
	} else if d := a.options.GetDeadline_21_10_0(); d != nil {
		a.deadline = d.AsTime()
	}
	if !a.deadline.IsZero() && !a.deadline.After(time.Now()) {
		a.refuse(context.DeadlineExceeded)
	}
	return a
}

// write writes an append in the background. It joins the queue of the stream immediately, so that appends
// to a stream are written in the order of their last messages.
func (b *batches) write(a *batch) error {
	select {
	case b.slots <- struct{}{}:
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	b.writing.Add(1)
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if !a.deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, a.deadline)
	}
	// The queue proceeds before the answer is sent, because the client may not receive answers.
	b.appendInTurnThen(ctx, b.queues.join(a.stream), a.write, func(result written, err error) {
		cancel()
		b.results <- batchResult{a, result, err}
	})
	return nil
}

// answerAll sends the answers of writes, until there are no more.
func (b *batches) answerAll() {
	for r := range b.results {
		_ = b.answer(r.batch, r.result, r.err) // an error also ends run
		<-b.slots
		b.writing.Done()
	}
}

// answer sends the answer of an append.
func (b *batches) answer(a *batch, result written, err error) error {
	if err == nil {
		if m := a.success(result); m != nil {
			b.sending.Lock()
			defer b.sending.Unlock()
			return b.call.SendMsg(m)
		}
	}
	r := a.response()
	if err != nil {
		r.Result = &streams.BatchAppendResp_Error{Error: b.errorStatus(a, err)}
	} else {
		r.Result = result.batchResult()
	}
	b.sending.Lock()
	defer b.sending.Unlock()
	return b.call.Send(r)
}

// response returns the answer of an append without its result.
func (a *batch) response() *streams.BatchAppendResp {
	r := &streams.BatchAppendResp{CorrelationId: a.id, StreamIdentifier: a.options.GetStreamIdentifier()}
	if r.StreamIdentifier == nil {
		r.StreamIdentifier = &shared.StreamIdentifier{} // some clients fail without it
	}
	a.copyExpectation(r)
	return r
}

// copyExpectation copies the client's expectation to an answer.
func (a *batch) copyExpectation(r *streams.BatchAppendResp) {
	switch e := a.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		r.ExpectedStreamPosition = &streams.BatchAppendResp_StreamPosition{StreamPosition: e.StreamPosition}
	case *streams.BatchAppendReq_Options_NoStream:
		r.ExpectedStreamPosition = &streams.BatchAppendResp_NoStream{NoStream: e.NoStream}
	case *streams.BatchAppendReq_Options_Any:
		r.ExpectedStreamPosition = &streams.BatchAppendResp_Any{Any: e.Any}
	case *streams.BatchAppendReq_Options_StreamExists:
		r.ExpectedStreamPosition = &streams.BatchAppendResp_StreamExists{StreamExists: e.StreamExists}
	}
}

func (w written) batchResult() *streams.BatchAppendResp_Success_ {
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if w.Revision != events.NoStream {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(w.Revision)}
	}
	if w.Position > 0 {
		success.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: uint64(w.Position), PreparePosition: uint64(w.Position),
		}}
	}
	return &streams.BatchAppendResp_Success_{Success: success}
}

// errorStatus translates an error to a status with a detail message. The message of the status is the name of
// the detail's type.
func (b *batches) errorStatus(a *batch, err error) *rpc.Status {
	var wrong *wrongVersion
	if errors.As(err, &wrong) {
		return pack(code.Code_ALREADY_EXISTS, wrong.detail(a.numbered))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return pack(code.Code_DEADLINE_EXCEEDED, &shared.Timeout{})
	}
	f := b.asFault(b.ctx, err)
	switch {
	case f.exception == "stream-deleted":
		return pack(code.Code_NOT_FOUND, &shared.StreamDeleted{StreamIdentifier: identifier(a.stream)})
	case f.exception == "access-denied":
		return pack(code.Code_PERMISSION_DENIED, &shared.AccessDenied{})
	case f.exception == "maximum-append-size-exceeded":
		return pack(code.Code_INVALID_ARGUMENT,
			&shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(b.config.MaxAppend)})
	case f.code == codes.InvalidArgument:
		return pack(code.Code_INVALID_ARGUMENT, &shared.BadRequest{Message: f.message})
	case f.code == codes.Aborted:
		return pack(code.Code_DEADLINE_EXCEEDED, &shared.Timeout{})
	}
	status := pack(code.Code_UNKNOWN, &shared.Unknown{})
	status.Message = f.message
	return status
}

func pack(c code.Code, detail proto.Message) *rpc.Status {
	status := &rpc.Status{Code: int32(c), Message: string(detail.ProtoReflect().Descriptor().Name())}
	if packed, err := anypb.New(detail); err == nil { // always, for these messages
		status.Details = []*anypb.Any{packed}
	}
	return status
}

// detail returns the detail message for errorStatus. numbered is as for appendResult.
func (w *wrongVersion) detail(numbered bool) proto.Message {
	d := &shared.WrongExpectedVersion{
		CurrentStreamRevisionOption: &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}},
		ExpectedStreamPositionOption: &shared.WrongExpectedVersion_ExpectedStreamPosition{
			ExpectedStreamPosition: uint64(w.expected),
		},
	}
	if w.current != events.NoStream {
		d.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{
			CurrentStreamRevision: uint64(w.current),
		}
	}
	switch w.expected {
	case expectAny:
		d.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case expectExists:
		d.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: &emptypb.Empty{},
		}
	case expectNone:
		if numbered {
			break
		}
		d.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	}
	return d
}
