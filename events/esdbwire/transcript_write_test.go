package esdbwire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"admitone/events"
)

// transcript makes calls with the raw stubs and records the answers in a form that does not depend on the
// server: positions by their order, ids by their labels in the scenario, streams without the prefix of the
// run.
type transcript struct {
	testing.TB
	ctx    context.Context
	client streams.StreamsClient
	run    string
	ids    map[events.ID]string
	text   strings.Builder
}

func newTranscript(t testing.TB, connection *grpc.ClientConn) *transcript {
	return &transcript{
		TB: t, ctx: testContext(t), client: streams.NewStreamsClient(connection),
		run: "wire" + newID().String()[:8] + "-", ids: make(map[events.ID]string),
	}
}

// write adds a line, with control characters escaped.
func (s *transcript) write(format string, args ...any) {
	text := strings.NewReplacer("\x00", `\0`, "\x01", `\1`).Replace(fmt.Sprintf(format, args...))
	s.text.WriteString(strings.TrimRight(text, " ") + "\n")
}

// name returns the identifier of a stream of this run.
func (s *transcript) name(stream string) *shared.StreamIdentifier {
	if plain, ok := strings.CutPrefix(stream, metaPrefix); ok && plain != "" {
		return identifier(events.StreamID(metaPrefix + s.run + plain))
	}
	if stream == "" || strings.HasPrefix(stream, "$") {
		return identifier(events.StreamID(stream))
	}
	return identifier(events.StreamID(s.run + stream))
}

func (s *transcript) plain(text string) string { return strings.ReplaceAll(text, s.run, "") }

// id returns the UUID of a label.
func (s *transcript) id(label string) events.ID {
	id := events.EventID(s.run+label, 0)
	s.ids[id] = label
	return id
}

// label returns the label of a UUID, "?" for one that the server generated.
func (s *transcript) label(id *shared.UUID) string {
	parsed, form := events.ID{}, ""
	switch v := id.GetValue().(type) {
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(parsed[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(parsed[8:], uint64(v.Structured.GetLeastSignificantBits()))
	case *shared.UUID_String_:
		parsed, _ = events.ParseID(v.String_)
		form = "'"
	}
	if label, ok := s.ids[parsed]; ok {
		return form + label + form
	}
	return form + "?" + form
}

// at formats a position, which transcript replaces by an ordinal.
func at(position uint64) string { return fmt.Sprintf("@%d;", position) }

var positions = regexp.MustCompile(`@(\d+);`)

// transcript returns the recorded text, with positions by their order.
func (s *transcript) transcript() string {
	order := s.positionsSoFar()
	text := positions.ReplaceAllStringFunc(s.text.String(), func(token string) string {
		p, _ := strconv.ParseUint(token[1:len(token)-1], 10, 64)
		return fmt.Sprintf("@%d", slices.Index(order, p)+1)
	})
	return s.plain(text)
}

// proposal parses an event of a scenario: a label, optionally followed by a type, data and metadata in this
// order, separated by '|'. An event is not JSON if its type ends in '!'.
func (s *transcript) proposal(word string) (id *shared.UUID, properties map[string]string, data, custom []byte) {
	parts := append(strings.Split(word, "|"), "", "", "")[:max(4, strings.Count(word, "|")+1)]
	typ, content := parts[1], contentJSON
	if typ == "" {
		typ = "made"
	}
	if plain, ok := strings.CutSuffix(typ, "!"); ok {
		typ, content = plain, contentBinary
	}
	data = []byte(parts[2])
	if parts[2] == "" {
		data = fmt.Appendf(nil, `{"event":%q}`, parts[0])
	}
	return structuredID(s.id(parts[0])), map[string]string{"type": typ, "content-type": content, "extra": "x"}, data,
		[]byte(parts[3])
}

func (s *transcript) proposed(word string) *streams.AppendReq {
	id, properties, data, custom := s.proposal(word)
	message := &streams.AppendReq_ProposedMessage{Id: id, Metadata: properties, Data: data, CustomMetadata: custom}
	return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message}}
}

// options returns the options of an append. expected is none, any, exists, "" or a revision.
func (s *transcript) options(stream, expected string) *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: s.name(stream)}
	switch expected {
	case "none":
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	case "any":
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
	case "exists":
		o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}
	case "":
	default:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: s.number(expected)}
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

func (s *transcript) number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// append appends events in the form of proposal.
func (s *transcript) append(stream, expected string, words ...string) {
	s.Helper()
	messages := []*streams.AppendReq{s.options(stream, expected)}
	for _, word := range words {
		messages = append(messages, s.proposed(word))
	}
	s.appendAs(fmt.Sprintf("append %s expecting %s %v", stream, expected, words), messages...)
}

// appendAs sends the messages of an append and records its outcome under a title.
func (s *transcript) appendAs(what string, messages ...*streams.AppendReq) {
	s.Helper()
	call, err := s.client.Append(s.ctx)
	if err != nil {
		s.Fatal(err)
	}
	for _, m := range messages {
		if err := call.Send(m); err != nil && !errors.Is(err, io.EOF) {
			s.Fatal(err)
		}
	}
	answer, err := call.CloseAndRecv()
	if err != nil {
		s.write("%s → %s", what, s.failure(err, call.Trailer()))
		return
	}
	s.write("%s → %s", what, outcome(answer))
}

// outcome returns the text of the answer to an append, with the members for clients from before
// 20.6 in parentheses.
func outcome(answer *streams.AppendResp) string {
	if ok := answer.GetSuccess(); ok != nil {
		revision, position := "no stream", "nowhere"
		if _, hasRevision := ok.CurrentRevisionOption.(*streams.AppendResp_Success_CurrentRevision); hasRevision {
			revision = fmt.Sprint(ok.GetCurrentRevision())
		}
		if p := ok.GetPosition(); p != nil {
			position = at(p.CommitPosition)
			if p.PreparePosition != p.CommitPosition {
				position += "/" + at(p.PreparePosition)
			}
		}
		return revision + " " + position
	}
	w := answer.GetWrongExpectedVersion()
	return fmt.Sprintf("wrong version: %s, is %s (%s, %s)",
		member(w.ExpectedRevisionOption), member(w.CurrentRevisionOption), member(w.ExpectedRevisionOption_20_6_0),
		member(w.CurrentRevisionOption_20_6_0))
}

// member returns the name and value of the chosen member of a oneof.
func member(chosen any) string {
	name := fmt.Sprintf("%T", chosen)
	name = name[strings.LastIndex(name, "WrongExpectedVersion_")+len("WrongExpectedVersion_"):]
	text := fmt.Sprintf("%v", chosen)
	if digits := strings.Trim(text, "&{}"); digits != "" &&
		strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
		if digits == "18446744073709551615" {
			digits = "2^64-1"
		}
		return name + " " + digits
	}
	return name
}

// failure returns the text of an error: its code and the trailers of the protocol.
func (s *transcript) failure(err error, trailer metadata.MD) string {
	text := status.Code(err).String()
	for _, key := range slices.Sorted(maps.Keys(trailer)) {
		if key != "content-type" && !strings.HasPrefix(key, "grpc-") {
			text += fmt.Sprintf(" %s=%s", key, strings.Join(trailer[key], ","))
		}
	}
	return text
}

// delete deletes a stream and records the outcome.
func (s *transcript) delete(stream, expected string) {
	s.Helper()
	o := s.options(stream, expected).GetOptions()
	request := &streams.DeleteReq_Options{StreamIdentifier: o.StreamIdentifier}
	switch e := o.ExpectedStreamRevision.(type) {
	case *streams.AppendReq_Options_NoStream:
		request.ExpectedStreamRevision = &streams.DeleteReq_Options_NoStream{NoStream: e.NoStream}
	case *streams.AppendReq_Options_Any:
		request.ExpectedStreamRevision = &streams.DeleteReq_Options_Any{Any: e.Any}
	case *streams.AppendReq_Options_StreamExists:
		request.ExpectedStreamRevision = &streams.DeleteReq_Options_StreamExists{StreamExists: e.StreamExists}
	case *streams.AppendReq_Options_Revision:
		request.ExpectedStreamRevision = &streams.DeleteReq_Options_Revision{Revision: e.Revision}
	}
	var trailer metadata.MD
	answer, err := s.client.Delete(s.ctx, &streams.DeleteReq{Options: request}, grpc.Trailer(&trailer))
	s.ended("delete", stream, expected, answer.GetPosition().GetCommitPosition(), trailer, err)
}

// tombstone ends a stream permanently and records the outcome.
func (s *transcript) tombstone(stream, expected string) {
	s.Helper()
	o := s.options(stream, expected).GetOptions()
	request := &streams.TombstoneReq_Options{StreamIdentifier: o.StreamIdentifier}
	switch e := o.ExpectedStreamRevision.(type) {
	case *streams.AppendReq_Options_NoStream:
		request.ExpectedStreamRevision = &streams.TombstoneReq_Options_NoStream{NoStream: e.NoStream}
	case *streams.AppendReq_Options_Any:
		request.ExpectedStreamRevision = &streams.TombstoneReq_Options_Any{Any: e.Any}
	case *streams.AppendReq_Options_StreamExists:
		request.ExpectedStreamRevision = &streams.TombstoneReq_Options_StreamExists{StreamExists: e.StreamExists}
	case *streams.AppendReq_Options_Revision:
		request.ExpectedStreamRevision = &streams.TombstoneReq_Options_Revision{Revision: e.Revision}
	}
	var trailer metadata.MD
	answer, err := s.client.Tombstone(s.ctx, &streams.TombstoneReq{Options: request}, grpc.Trailer(&trailer))
	s.ended("tombstone", stream, expected, answer.GetPosition().GetCommitPosition(), trailer, err)
}

func (s *transcript) ended(what, stream, expected string, position uint64, trailer metadata.MD, err error) {
	if err != nil {
		s.write("%s %s expecting %s → %s", what, stream, expected, s.failure(err, trailer))
		return
	}
	s.write("%s %s expecting %s → %s", what, stream, expected, at(position))
}
