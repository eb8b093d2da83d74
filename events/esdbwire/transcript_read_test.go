package esdbwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// request returns a read of a stream, or of the whole log for "$all". The words, in any order, are:
//
//	backward
//	start, end, @N or a revision   where to begin; @N is the Nth position, see positionsSoFar
//	xN or subscribe                a count, or a subscription
//	text                           ids as text
//	bounds                         compatibility level 1
//	stream:REGEX, streams:A,B      a filter by stream
//	type:REGEX, types:A,B          a filter by type
//	windowN, timesN                the window of the filter, and the multiplier of its checkpoints
//	noform, uncounted              no form of ids, no count
func (s *transcript) request(stream string, words []string) *streams.ReadReq {
	o := &streams.ReadReq_Options{
		CountOption:  &streams.ReadReq_Options_Count{Count: 100},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}},
		},
	}
	from := ""
	filter := &streams.ReadReq_Options_FilterOptions{
		Window: &streams.ReadReq_Options_FilterOptions_Count{Count: &shared.Empty{}}, CheckpointIntervalMultiplier: 1,
	}
	filterBy := func(stream bool, e *streams.ReadReq_Options_FilterOptions_Expression) {
		filter.Filter = &streams.ReadReq_Options_FilterOptions_EventType{EventType: e}
		if stream {
			filter.Filter = &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: e}
		}
		o.FilterOption = &streams.ReadReq_Options_Filter{Filter: filter}
	}
	for _, word := range words {
		key, value, _ := strings.Cut(word, ":")
		switch {
		case word == "":
		case word == "backward":
			o.ReadDirection = streams.ReadReq_Options_Backwards
		case word == "subscribe":
			o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
		case word == "text":
			o.UuidOption.Content = &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}
		case word == "noform":
			o.UuidOption = nil
		case word == "uncounted":
			o.CountOption = nil
		case word == "bounds":
			o.ControlOption = &streams.ReadReq_Options_ControlOption{Compatibility: 1}
		case key == "stream" || key == "type":
			filterBy(key == "stream", &streams.ReadReq_Options_FilterOptions_Expression{
				Regex: strings.ReplaceAll(value, "RUN", s.run),
			})
		case key == "streams" || key == "types":
			prefixes := strings.Split(value, ",")
			for i := range prefixes {
				if key == "streams" {
					prefixes[i] = string(s.name(prefixes[i]).StreamName)
				}
			}
			filterBy(key == "streams", &streams.ReadReq_Options_FilterOptions_Expression{Prefix: prefixes})
		case strings.HasPrefix(word, "window"):
			filter.Window = &streams.ReadReq_Options_FilterOptions_Max{Max: uint32(s.number(word[6:]))}
		case strings.HasPrefix(word, "times"):
			filter.CheckpointIntervalMultiplier = uint32(s.number(word[5:]))
		case strings.HasPrefix(word, "x"):
			o.CountOption = &streams.ReadReq_Options_Count{Count: s.number(word[1:])}
		default:
			from = word
		}
	}
	if stream == allName {
		o.StreamOption = &streams.ReadReq_Options_All{All: s.fromAll(from)}
	} else if stream != "nothing" {
		o.StreamOption = &streams.ReadReq_Options_Stream{Stream: s.fromStream(stream, from)}
	}
	return &streams.ReadReq{Options: o}
}

func (s *transcript) fromStream(stream, from string) *streams.ReadReq_Options_StreamOptions {
	o := &streams.ReadReq_Options_StreamOptions{StreamIdentifier: s.name(stream)}
	switch from {
	case "start":
		o.RevisionOption = &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}}
	case "end":
		o.RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}
	case "":
	default:
		o.RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: s.number(from)}
	}
	return o
}

// fromAll parses start, end, or COMMIT/PREPARE, where @N is the Nth position in the transcript,
// optionally followed by +1.
func (s *transcript) fromAll(from string) *streams.ReadReq_Options_AllOptions {
	switch from {
	case "start":
		return &streams.ReadReq_Options_AllOptions{
			AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}},
		}
	case "end":
		return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}}
	case "":
		return &streams.ReadReq_Options_AllOptions{}
	}
	commit, prepare, found := strings.Cut(from, "/")
	if !found {
		prepare = commit
	}
	return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Position{
		Position: &streams.ReadReq_Options_Position{CommitPosition: s.position(commit), PreparePosition: s.position(prepare)},
	}}
}

func (s *transcript) position(text string) uint64 {
	ordinal, isOrdinal := strings.CutPrefix(text, "@")
	if !isOrdinal {
		return s.number(text)
	}
	add := uint64(0)
	if cut, ok := strings.CutSuffix(ordinal, "+1"); ok {
		ordinal, add = cut, 1
	}
	return s.positionsSoFar()[s.number(ordinal)-1] + add
}

// positionsSoFar returns the positions of events in the transcript so far, sorted.
func (s *transcript) positionsSoFar() []uint64 {
	var all []uint64
	for _, match := range positions.FindAllStringSubmatch(s.text.String(), -1) {
		if p, _ := strconv.ParseUint(match[1], 10, 64); p > 0 { // 0 is before all of them
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// read records a whole read.
func (s *transcript) read(stream string, words ...string) {
	s.Helper()
	s.readAs("read "+stream+" "+strings.Join(words, " "), s.request(stream, words))
}

// readAs records a whole read under a title.
func (s *transcript) readAs(what string, request *streams.ReadReq) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	call, err := s.client.Read(ctx, request)
	if err != nil {
		s.Fatal(err)
	}
	s.write("%s", what)
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			s.write("    %s", s.failure(err, call.Trailer()))
			return
		}
		s.write("    %s", s.message(m))
	}
}

// message returns the text of one message of a read.
func (s *transcript) message(m *streams.ReadResp) string {
	switch c := m.Content.(type) {
	case *streams.ReadResp_Event:
		e := c.Event.GetEvent()
		text := s.recorded(e)
		if p, ok := c.Event.Position.(*streams.ReadResp_ReadEvent_CommitPosition); !ok ||
			p.CommitPosition != e.CommitPosition {
			text += fmt.Sprintf(" read at %v", c.Event.Position)
		}
		if c.Event.Link != nil {
			text += " by " + s.recorded(c.Event.Link)
		}
		return text
	case *streams.ReadResp_Confirmation:
		if c.Confirmation.SubscriptionId == "" {
			return "confirmed without an id"
		}
		return "confirmed"
	case *streams.ReadResp_Checkpoint_:
		if c.Checkpoint.CommitPosition != c.Checkpoint.PreparePosition {
			return fmt.Sprintf("checkpoint %s/%s", at(c.Checkpoint.CommitPosition), at(c.Checkpoint.PreparePosition))
		}
		return "checkpoint " + at(c.Checkpoint.CommitPosition)
	case *streams.ReadResp_StreamNotFound_:
		return fmt.Sprintf("not found %s", c.StreamNotFound.StreamIdentifier.StreamName)
	case *streams.ReadResp_FirstStreamPosition:
		return fmt.Sprintf("first %d", c.FirstStreamPosition)
	case *streams.ReadResp_LastStreamPosition:
		return fmt.Sprintf("last %d", c.LastStreamPosition)
	case *streams.ReadResp_CaughtUp_:
		return "caught up"
	}
	return fmt.Sprintf("unexpected: %v", m)
}

// recorded returns the text of an event. The event's time must be a number.
func (s *transcript) recorded(e *streams.ReadResp_ReadEvent_RecordedEvent) string {
	if ticks, err := strconv.ParseInt(e.Metadata["created"], 10, 64); err != nil || ticks < 9e15 {
		s.Errorf("created is %q (%v)", e.Metadata["created"], err)
	}
	revision := fmt.Sprint(e.StreamRevision)
	if e.StreamRevision == tombstoneRevision {
		revision = "2^63-1"
	}
	content := map[string]string{contentJSON: "json", contentBinary: "binary"}[e.Metadata["content-type"]]
	text := fmt.Sprintf("%s %s#%s %s %s %s %s", at(e.CommitPosition), e.StreamIdentifier.StreamName, revision,
		s.label(e.Id), e.Metadata["type"], content, e.Data)
	if len(e.CustomMetadata) > 0 {
		text += fmt.Sprintf(" [%s]", e.CustomMetadata)
	}
	if e.PreparePosition != e.CommitPosition {
		text += fmt.Sprintf(" prepared %s", at(e.PreparePosition))
	}
	if len(e.Metadata) != 3 {
		text += fmt.Sprintf(" %v", e.Metadata)
	}
	return text
}

// subscription is an open subscription.
type subscription struct {
	*transcript
	call   streams.Streams_ReadClient
	cancel context.CancelFunc
}

// subscribe starts a subscription. Its messages are recorded by until.
func (s *transcript) subscribe(stream string, words ...string) *subscription {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	call, err := s.client.Read(ctx, s.request(stream, append(words, "subscribe")))
	if err != nil {
		s.Fatal(err)
	}
	s.write("subscribe %s %s", stream, strings.Join(words, " "))
	s.Cleanup(cancel)
	return &subscription{s, call, cancel}
}

// until records messages up to the first that contains text, or to the end of the subscription.
func (s *subscription) until(text string) {
	s.Helper()
	for {
		m, err := s.call.Recv()
		if err != nil {
			s.write("    %s", s.failure(err, s.call.Trailer()))
			return
		}
		line := s.message(m)
		s.write("    %s", line)
		if strings.Contains(s.plain(line), text) {
			return
		}
	}
}
