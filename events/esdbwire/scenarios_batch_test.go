package esdbwire

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// batchTranscript is one call of BatchAppend.
type batchTranscript struct {
	*transcript
	call streams.Streams_BatchAppendClient
}

func (s *transcript) batch() *batchTranscript {
	s.Helper()
	call, err := s.client.BatchAppend(s.ctx)
	if err != nil {
		s.Fatal(err)
	}
	return &batchTranscript{s, call}
}

// send sends one message of an append. label is the label of the correlation id, in quotes for the text
// form; o may be nil; final marks the last message; words are events in the form of proposal.
func (b *batchTranscript) send(label string, o *streams.BatchAppendReq_Options, final bool, words ...string) {
	b.Helper()
	m := &streams.BatchAppendReq{Options: o, IsFinal: final, CorrelationId: structuredID(b.id(strings.Trim(label, "'")))}
	if strings.HasPrefix(label, "'") {
		m.CorrelationId = &shared.UUID{Value: &shared.UUID_String_{String_: b.id(strings.Trim(label, "'")).String()}}
	}
	for _, word := range words {
		id, properties, data, custom := b.proposal(word)
		m.ProposedMessages = append(m.ProposedMessages,
			&streams.BatchAppendReq_ProposedMessage{Id: id, Metadata: properties, Data: data, CustomMetadata: custom})
	}
	if err := b.call.Send(m); err != nil && !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}

// to returns the options of an append. expected has the form in transcript.options.
func (b *batchTranscript) to(stream, expected string) *streams.BatchAppendReq_Options {
	o := &streams.BatchAppendReq_Options{StreamIdentifier: b.name(stream)}
	switch expected {
	case "none":
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	case "any":
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}}
	case "exists":
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}
	case "":
	default:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: b.number(expected)}
	}
	return o
}

// one sends an append in one message and records its answer.
func (b *batchTranscript) one(label, stream, expected string, words ...string) {
	b.Helper()
	b.send(label, b.to(stream, expected), true, words...)
	b.write("batch %s to %s expecting %s %v → %s", label, stream, expected, words, b.answer())
}

// answer returns the text of the next answer.
func (b *batchTranscript) answer() string {
	b.Helper()
	m, err := b.call.Recv()
	if errors.Is(err, io.EOF) {
		return "end"
	}
	if err != nil {
		return b.failure(err, b.call.Trailer())
	}
	text := fmt.Sprintf("%s for %s expecting %s: ", b.label(m.CorrelationId), m.StreamIdentifier.GetStreamName(),
		oneofText(m.ExpectedStreamPosition))
	if failed := m.GetError(); failed != nil {
		text += fmt.Sprintf("%s %q", code.Code(failed.Code), failed.Message)
		for _, detail := range failed.Details {
			unpacked, err := detail.UnmarshalNew()
			if err != nil {
				b.Fatal(err)
			}
			text += " " + strings.TrimPrefix(detail.TypeUrl, "type.googleapis.com/event_store.client.")
			switch d := unpacked.(type) {
			case *shared.WrongExpectedVersion:
				text += fmt.Sprintf(" %s, is %s", oneofText(d.ExpectedStreamPositionOption),
					oneofText(d.CurrentStreamRevisionOption))
			case *shared.StreamDeleted:
				text += " " + string(d.StreamIdentifier.StreamName)
			case *shared.MaximumAppendSizeExceeded:
				text += fmt.Sprintf(" %d", d.MaxAppendSize)
			}
		}
		return text
	}
	ok := m.GetSuccess()
	if _, none := ok.CurrentRevisionOption.(*streams.BatchAppendResp_Success_NoStream); none {
		text += "no stream "
	} else {
		text += fmt.Sprintf("%d ", ok.GetCurrentRevision())
	}
	if ok.GetPosition() == nil {
		return text + "nowhere"
	}
	return text + at(ok.GetPosition().CommitPosition)
}

// oneofText returns the name and value of the chosen member of a oneof.
func oneofText(chosen any) string {
	name := fmt.Sprintf("%T", chosen)
	name = name[strings.LastIndex(name, "_")+1:]
	if digits := strings.Trim(fmt.Sprintf("%v", chosen), "&{}"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		return name + " " + digits
	}
	return name
}

// batchAppends exercises BatchAppend where it differs from Append.
func batchAppends(s *transcript) {
	b := s.batch()
	b.one("r1", "a", "none", "a1", "a2")
	b.one("'r2'", "a", "none", "a1", "a2")
	b.one("r3", "a", "none", "x1")
	b.one("r4", "a", "exists", "a3")
	b.one("r5", "b", "exists", "b1")
	b.one("r6", "a", "7", "b1")
	b.one("r7", "b", "any", "b1", "b2")
	b.one("r8", "c", "any")
	// Messages of several appends, interleaved.
	b.send("p", b.to("p", "none"), false, "p1")
	b.send("q", b.to("q", "none"), false, "q1")
	b.send("p", nil, false, "p2")
	b.send("q", nil, true, "q2")
	b.write("q of p and q → %s", b.answer())
	b.send("p", nil, true)
	b.write("p of p and q → %s", b.answer())
	s.read("p", "start")
	// A refused append is answered once, and its later messages are ignored.
	large := "l1|made|" + strings.Repeat("x", 1<<20)
	b.send("large", b.to("large", "any"), false, "l0")
	b.send("large", nil, false, large)
	b.write("too large → %s", b.answer())
	b.send("large", nil, true, "l2")
	b.one("r9", "", "any", "l3")
	b.one("r10", "a", "", "l3")
	b.one("r11", allName, "any", "l3")
	// Messages without options that belong to no append are ignored.
	b.send("r12", nil, true, "l3")
	b.send("large", nil, true, "l3")
	late := b.to("late", "any")
	late.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(-time.Second)}
	b.send("r13", late, true, "l4")
	b.write("deadline before now → %s", b.answer())
	late.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{
		Deadline_21_10_0: timestamppb.New(time.Unix(1, 0)),
	}
	b.send("r14", late, true, "l4")
	b.write("deadline long ago → %s", b.answer())
	late.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(time.Minute)}
	b.send("r15", late, true, "l5")
	b.write("deadline in a minute → %s", b.answer())
	s.tombstone("a", "any")
	b.one("r16", "a", "any", "a9")
	// A repeated correlation id identifies another append.
	b.one("r16", "b", "1", "b3")
	// Appends to one stream are written in the order of their last messages.
	for i := range 50 {
		b.send(fmt.Sprintf("o%d", i), b.to("o", "any"), true, fmt.Sprintf("e%02d", i))
	}
	if err := b.call.CloseSend(); err != nil {
		s.Fatal(err)
	}
	var answers []string
	for text := b.answer(); ; text = b.answer() {
		answers = append(answers, text)
		if text == "end" || len(answers) > 60 {
			break
		}
	}
	slices.Sort(answers[:len(answers)-1])
	s.write("fifty at once → %s", strings.Join(answers, "\n    "))
	s.read("o", "start")
	bad := s.batch()
	if err := bad.call.Send(&streams.BatchAppendReq{Options: bad.to("b", "any"), IsFinal: true}); err != nil {
		s.Fatal(err)
	}
	s.write("no correlation id → %s", bad.answer())
	bad.one("r17", "b", "2", "b4")
	bad.one("r18", "b", "18446744073709551615", "b5")
	// In batches, types count for the limit, two bytes for each letter.
	fits := strings.Repeat("x", 1<<20-2*4)
	bad.send("r19", bad.to("full", "any"), true, "f1|made|"+fits)
	s.write("the largest → %s", bad.answer())
	bad.send("r20", bad.to("full", "any"), true, "f2|made|"+fits+"x")
	s.write("a byte more → %s", bad.answer())
}

func shortDeadline() *streams.BatchAppendReq_Options_Deadline {
	return &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(20 * time.Millisecond)}
}
