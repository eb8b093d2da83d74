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
	// maxOpen bounds the incomplete appends of one call, and maxWriting those being written. Beyond
	// the second, the call is not read.
	maxOpen    = 1000
	maxWriting = 128
	// maxPending bounds the bytes of incomplete appends.
	maxPending = 64 << 20
)

// batches is one call of BatchAppend: many concurrent appends, identified by their correlation ids.
// Each gets exactly one answer.
type batches struct {
	*Server
	ctx    context.Context // of the call: Close does not cancel writes in progress
	call   streams.Streams_BatchAppendServer
	denied error // nil if the caller may write

	receiving sync.Mutex           // held while a message is processed
	stopped   bool                 // no further message is processed; guarded by receiving
	open      map[events.ID]*batch // guarded by receiving
	pending   int                  // guarded by receiving

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
	id       *shared.UUID // as the client wrote it
	options  *streams.BatchAppendReq_Options
	deadline time.Time // zero for none
	held     int       // bytes of it in pending
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

// run processes messages until the client has no more or the server stops. Recv cannot be
// interrupted, so a goroutine that ends with the call receives. It begins no write after run.
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

// process is receive, unless run has ended.
func (b *batches) process(m *batchRequest) error {
	b.receiving.Lock()
	defer b.receiving.Unlock()
	if b.stopped {
		return b.serving.Err()
	}
	return b.receive(m)
}

// receive adds a message to its append, and writes the append if the message is the last. Its error
// ends the call.
func (b *batches) receive(m *batchRequest) error {
	id, err := idOf(m.GetCorrelationId())
	if err != nil {
		return b.answer(&batch{id: m.GetCorrelationId(), options: m.GetOptions()}, written{}, err)
	}
	one := b.open[id]
	if one == nil && m.GetOptions() == nil {
		return nil // part of an append that has ended
	}
	if one == nil {
		if len(b.open) >= maxOpen {
			return &fault{code: codes.ResourceExhausted, message: "too many appends have begun and not ended"}
		}
		one = b.begin(m)
		b.open[id] = one
	}
	for i := range m.proposed {
		p := &m.proposed[i]
		one.add(p.event, p.err, p.size, b.config.MaxAppend)
	}
	if b.hold(one); b.pending > maxPending {
		return &fault{code: codes.ResourceExhausted, message: "the appends that have begun and not ended are too large"}
	}
	if one.refused != nil && !one.answered {
		one.answered = true
		if err := b.answer(one, written{}, one.refused); err != nil {
			return err
		}
		one.id, one.options = nil, nil // hold does not count them, and they are no longer needed
	}
	if !m.GetIsFinal() {
		return nil
	}
	delete(b.open, id)
	b.pending -= one.held
	if one.answered {
		return nil
	}
	return b.write(one)
}

// hold updates the pending bytes of an incomplete append.
func (b *batches) hold(one *batch) {
	b.pending -= one.held
	one.held = 0
	if one.refused == nil {
		one.held = one.size
	}
	b.pending += one.held
}

// begin starts the append whose first message is m.
func (b *batches) begin(m *batchRequest) *batch {
	one := &batch{id: m.GetCorrelationId(), options: m.GetOptions()}
	one.incoming.options(batchOptions{one.options})
	one.refuse(b.denied)
	if d := one.options.GetDeadline(); d != nil {
		one.deadline = time.Now().Add(d.AsDuration())
	} else if d := one.options.GetDeadline_21_10_0(); d != nil {
		one.deadline = d.AsTime()
	}
	if !one.deadline.IsZero() && !one.deadline.After(time.Now()) {
		one.refuse(context.DeadlineExceeded)
	}
	return one
}

// write writes an append in the background. It joins the queue of its stream at once: appends to
// one stream are written in the order of their last messages.
func (b *batches) write(one *batch) error {
	select {
	case b.slots <- struct{}{}:
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	b.writing.Add(1)
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if !one.deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, one.deadline)
	}
	// The queue proceeds before the answer is sent: the client may not receive it.
	b.inTurnThen(ctx, b.queues.join(one.stream), one.write, func(result written, err error) {
		cancel()
		b.results <- batchResult{one, result, err}
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

// answer sends the one answer of an append.
func (b *batches) answer(one *batch, result written, err error) error {
	if err == nil {
		if m := one.success(result); m != nil {
			b.sending.Lock()
			defer b.sending.Unlock()
			return b.call.SendMsg(m)
		}
	}
	r := one.response()
	if err != nil {
		r.Result = &streams.BatchAppendResp_Error{Error: b.packed(one, err)}
	} else {
		r.Result = result.batchResult()
	}
	b.sending.Lock()
	defer b.sending.Unlock()
	return b.call.Send(r)
}

// response returns the answer of an append without its result.
func (one *batch) response() *streams.BatchAppendResp {
	r := &streams.BatchAppendResp{CorrelationId: one.id, StreamIdentifier: one.options.GetStreamIdentifier()}
	if r.StreamIdentifier == nil {
		r.StreamIdentifier = &shared.StreamIdentifier{} // some clients fail without it
	}
	one.expectedIn(r)
	return r
}

// expectedIn copies the expectation of the client.
func (one *batch) expectedIn(r *streams.BatchAppendResp) {
	switch e := one.options.GetExpectedStreamPosition().(type) {
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

func (l written) batchResult() *streams.BatchAppendResp_Success_ {
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if l.Revision != events.NoStream {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(l.Revision)}
	}
	if l.Position > 0 {
		success.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: uint64(l.Position), PreparePosition: uint64(l.Position),
		}}
	}
	return &streams.BatchAppendResp_Success_{Success: success}
}

// packed translates an error to a status with a detail message, whose name is the status' message.
func (b *batches) packed(one *batch, err error) *rpc.Status {
	var wrong *wrongVersion
	if errors.As(err, &wrong) {
		return pack(code.Code_ALREADY_EXISTS, wrong.detail(one.numbered))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return pack(code.Code_DEADLINE_EXCEEDED, &shared.Timeout{})
	}
	f := b.asFault(b.ctx, err)
	switch {
	case f.exception == "stream-deleted":
		return pack(code.Code_NOT_FOUND, &shared.StreamDeleted{StreamIdentifier: identifier(one.stream)})
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

// detail returns the detail message for packed. numbered is as for appendResult.
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
