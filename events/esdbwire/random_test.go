package esdbwire

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/events/embedded"
)

// harness has a server, its model, and the actions on both. A transcript records calls, which are compared
// as text.
type harness struct {
	*transcript
	model      *model
	reopen     func(events.Store) events.Store // reopens a closed log; for nil it opens a new log
	store      events.Store
	server     *Server
	connection *grpc.ClientConn
	sent       []func(*rapid.T) // appends that may be sent again
	eventCount int
}

// TestRandom compares random operations of clients, on two kinds of log, with the model.
func TestRandom(t *testing.T) {
	for name, reopen := range map[string]func(*rapid.T, string, events.Store) events.Store{
		"memory": func(_ *rapid.T, _ string, old events.Store) events.Store {
			log := newMemlog()
			if old != nil {
				log.all, log.streams = old.(multilog).all, old.(multilog).streams
			}
			return multilog{log}
		},
		"embedded": func(t *rapid.T, dir string, _ events.Store) events.Store {
			store, err := embedded.Open(dir, embedded.Options{Logger: discardLogger})
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "embedded" {
				reduceChecks(t, 5) // this log waits for the disk
			}
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp(t.TempDir(), "")
				if err != nil {
					rt.Fatal(err)
				}
				defer os.RemoveAll(dir) // shrinking a failure runs many more checks
				ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
				defer cancel()
				h := &harness{
					transcript: &transcript{TB: t, ctx: ctx, ids: make(map[events.ID]string)},
					model:      &model{streams: make(map[string][]*modelEvent)},
					reopen:     func(old events.Store) events.Store { return reopen(rt, dir, old) },
				}
				h.open(rt)
				defer func() {
					if err := h.close(); err != nil {
						t.Error(err)
					}
				}()
				rt.Repeat(map[string]func(*rapid.T){
					"append": h.appendSome, "again": h.repeat, "describe": h.setMetadata, "delete": h.deleteOne,
					"tombstone": h.tombstoneOne,
					"read":      h.readOne, "readAll": h.readLog, "subscribe": h.subscribeOne,
					"subscribeAll": h.subscribeLog, "restart": h.restart,
					"appendMore": h.appendSome, "readMore": h.readOne,
				})
			})
		})
	}
}

// reduceChecks divides the number of rapid checks by divisor until the test ends.
func reduceChecks(t *testing.T, divisor int) {
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	n, err := strconv.Atoi(before)
	if err == nil {
		err = flag.Set("rapid.checks", strconv.Itoa(max(1, n/divisor)))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", before) })
}

func (h *harness) open(t *rapid.T) {
	h.store = h.reopen(h.store)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.server = New(h.store, Config{Writable: true, Logger: discardLogger})
	go h.server.Serve(listener)
	h.connection, err = grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	h.client = streams.NewStreamsClient(h.connection)
}

func (h *harness) close() error {
	return errors.Join(h.connection.Close(), h.server.Close(), h.store.Close())
}

func (h *harness) restart(t *rapid.T) {
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	h.open(t)
}

var (
	randomStreams = rapid.SampledFrom([]string{"a", "b", "c", "$$a", "$$b"})
	randomPlain   = rapid.SampledFrom([]string{"a", "b", "c"})
	randomMeta    = rapid.SampledFrom([]string{
		`{}`, `{"$maxCount":2}`, `{"$maxCount":1,"$tb":1}`, `{"$tb":3}`, `{"$tb":9223372036854775807}`,
		`{"$maxCount":"2"}`, `{"$maxCount":3`, `{"$tb":2,"mine":[1,2]}`, `null`, `[]`,
	})
)

// expecting draws an expectation, mostly near the end of the stream.
func (h *harness) expecting(t *rapid.T, stream string) string {
	last := h.model.last(stream)
	if h.model.hasTombstone(stream) {
		last-- // clients don't know a tombstone's revision
	}
	return rapid.SampledFrom([]string{
		"any", "any", "none", "exists", revision(last), revision(last), revision(last - 1), revision(last + 1),
		revision(last - 2), "0",
	}).Draw(t, "expected")
}

func revision(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// appendSome appends new events, existing ones, or both.
func (h *harness) appendSome(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	batch := make([]modelEvent, rapid.IntRange(0, 4).Draw(t, "events"))
	old := h.model.streams[stream]
	for i := range batch {
		h.eventCount++
		batch[i] = modelEvent{stream: stream, label: fmt.Sprint("e", h.eventCount), typ: "made",
			data: fmt.Sprintf(`{"$tb":%d}`, h.eventCount%5), json: rapid.Bool().Draw(t, "json")}
		if len(old) > 0 && rapid.IntRange(0, 3).Draw(t, "old") == 0 {
			at := rapid.IntRange(0, len(old)-1).Draw(t, "at")
			if old[at].label != "?" {
				batch[i].label = old[at].label
			}
		}
	}
	h.appendBoth(t, stream, h.expecting(t, stream), batch)
}

// setMetadata sets metadata.
func (h *harness) setMetadata(t *rapid.T) {
	stream := "$$" + randomPlain.Draw(t, "stream")
	h.eventCount++
	e := modelEvent{stream: stream, label: fmt.Sprint("e", h.eventCount), typ: metadataType,
		data: randomMeta.Draw(t, "metadata"), json: true}
	h.appendBoth(t, stream, "any", []modelEvent{e})
}

// repeat sends an earlier append again.
func (h *harness) repeat(t *rapid.T) {
	if len(h.sent) > 0 {
		h.sent[rapid.IntRange(0, len(h.sent)-1).Draw(t, "which")](t)
	}
}

func (h *harness) appendBoth(t *rapid.T, stream, expected string, batch []modelEvent) {
	send := func(t *rapid.T) {
		call, err := h.client.Append(h.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = call.Send(h.options(stream, expected)) // CloseAndRecv returns the error
		for _, e := range batch {
			_ = call.Send(h.proposed(fmt.Sprintf("%s|%s%s|%s", e.label, e.typ, map[bool]string{false: "!"}[e.json], e.data)))
		}
		answer, err := call.CloseAndRecv()
		got := ""
		switch wrong := answer.GetWrongExpectedVersion(); {
		case err != nil:
			got = h.errorText(t, err)
		case wrong != nil:
			got = fmt.Sprintf("wrong %d", int64(wrong.GetCurrentRevision()))
			if wrong.GetCurrentNoStream() != nil {
				got = "wrong -1"
			}
		case answer.GetSuccess().GetNoStream() != nil:
			got = "none"
		default:
			got = fmt.Sprint(answer.GetSuccess().GetCurrentRevision())
			if answer.GetSuccess().GetPosition() == nil {
				got += " nowhere"
			}
		}
		want := h.model.append(stream, expected, batch)
		if got != want {
			t.Fatalf("append to %s expecting %s %v: %s, want %s", stream, expected, batch, got, want)
		}
		if answer.GetSuccess().GetPosition() != nil && len(batch) > 0 {
			h.checkPosition(t, h.model.streams[stream][answer.GetSuccess().GetCurrentRevision()],
				answer.GetSuccess().GetPosition().GetCommitPosition())
		}
	}
	send(t)
	h.sent = append(h.sent, send)
}

// errorText returns the text of an expected error.
func (h *harness) errorText(t *rapid.T, err error) string {
	if text := status.Convert(err).Message(); strings.HasSuffix(text, "is deleted.") {
		return "deleted"
	} else if cut := strings.LastIndex(text, "Actual version: "); cut > 0 {
		return "wrong " + text[cut+len("Actual version: "):]
	}
	t.Fatal(err)
	return ""
}

// checkPosition records an event's position and checks that it never changes.
func (h *harness) checkPosition(t *rapid.T, e *modelEvent, position uint64) {
	if e.position == 0 {
		e.position = position
	}
	if e.position != position || position == 0 {
		t.Fatalf("event %v is at position %d, want %d as before", e, position, e.position)
	}
}

func (h *harness) deleteOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	expected := h.expecting(t, stream)
	h.text.Reset()
	h.transcript.delete(stream, expected)
	h.compareEnd(t, h.model.delete(stream, expected))
}

func (h *harness) tombstoneOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	if rapid.IntRange(0, 3).Draw(t, "tombstone") > 0 {
		return // otherwise there would soon be no streams left
	}
	expected := h.expecting(t, stream)
	h.text.Reset()
	h.transcript.tombstone(stream, expected)
	h.compareEnd(t, h.model.tombstone(stream, expected))
}

func (h *harness) compareEnd(t *rapid.T, want string) {
	_, text, _ := strings.Cut(strings.TrimSpace(h.text.String()), " → ")
	got := "done"
	if strings.Contains(text, "stream-deleted") {
		got = "deleted"
	} else if _, after, ok := strings.Cut(text, "actual-version="); ok {
		got = "wrong " + strings.Fields(after)[0]
	}
	if got != want || (got == "done") != strings.HasPrefix(text, "@") {
		t.Fatalf("%s: outcome %q, want %q", strings.TrimSpace(h.text.String()), got, want)
	}
}

// compareEvents compares received events with those of the model.
func (h *harness) compareEvents(t *rapid.T, what string, got []*streams.ReadResp_ReadEvent_RecordedEvent,
	want []*modelEvent) {
	for i, e := range got {
		seen := modelEvent{
			stream: string(e.StreamIdentifier.StreamName), revision: int64(e.StreamRevision), label: h.label(e.Id),
			typ: e.Metadata["type"], data: string(e.Data), json: e.Metadata["content-type"] == contentJSON,
		}
		if i >= len(want) || seen.String() != want[i].String() {
			t.Fatalf("%s: event %d is %v, want\n%v", what, i, &seen, want)
		}
		h.checkPosition(t, want[i], e.CommitPosition)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want\n%v", what, len(got), want)
	}
}

// receive reads to the end, or until the subscription has caught up. why is the reason if there are no
// events.
func (h *harness) receive(t *rapid.T, request *streams.ReadReq) (
	got []*streams.ReadResp_ReadEvent_RecordedEvent, checkpoints []uint64, why string,
) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	call, err := h.client.Read(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return got, checkpoints, why
		}
		if err != nil {
			return got, checkpoints, h.errorText(t, err)
		}
		switch {
		case m.GetEvent() != nil:
			got = append(got, m.GetEvent().GetEvent())
		case m.GetCheckpoint() != nil:
			checkpoints = append(checkpoints, m.GetCheckpoint().CommitPosition)
		case m.GetStreamNotFound() != nil:
			why = "not found"
		case m.GetCaughtUp() != nil:
			return got, checkpoints, why
		}
	}
}
