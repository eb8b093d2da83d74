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

// harness is a server and its model, and the actions on both. Calls are recorded by a transcript
// and compared as text.
type harness struct {
	*transcript
	model      *model
	reopen     func(events.Store) events.Store // reopens a closed log; nil opens the first
	store      events.Store
	server     *Server
	connection *grpc.ClientConn
	sent       []func(*rapid.T) // appends that may be sent again
	made       int
}

// TestRandom performs random client operations, on both kinds of log.
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
				reduceChecks(t, 5) // it waits for the disk
			}
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp(t.TempDir(), "")
				if err != nil {
					rt.Fatal(err)
				}
				defer os.RemoveAll(dir) // shrinking a failure runs many more checks
				ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
				defer cancel()
				w := &harness{
					transcript: &transcript{TB: t, ctx: ctx, ids: make(map[events.ID]string)},
					model:      &model{streams: make(map[string][]*modelEvent)},
					reopen:     func(old events.Store) events.Store { return reopen(rt, dir, old) },
				}
				w.open(rt)
				defer func() {
					if err := w.close(); err != nil {
						t.Error(err)
					}
				}()
				rt.Repeat(map[string]func(*rapid.T){
					"append": w.appendSome, "again": w.repeat, "describe": w.setMetadata, "delete": w.deleteOne,
					"tombstone": w.tombstoneOne,
					"read":      w.readOne, "readAll": w.readLog, "subscribe": w.subscribeOne,
					"subscribeAll": w.subscribeLog, "restart": w.restart,
					"appendMore": w.appendSome, "readMore": w.readOne,
				})
			})
		})
	}
}

// reduceChecks divides the number of rapid checks by part until the test ends.
func reduceChecks(t *testing.T, part int) {
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	n, err := strconv.Atoi(before)
	if err == nil {
		err = flag.Set("rapid.checks", strconv.Itoa(max(1, n/part)))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", before) })
}

func (w *harness) open(t *rapid.T) {
	w.store = w.reopen(w.store)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.server = New(w.store, Config{Writable: true, Logger: discardLogger})
	go w.server.Serve(listener)
	w.connection, err = grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	w.client = streams.NewStreamsClient(w.connection)
}

func (w *harness) close() error {
	return errors.Join(w.connection.Close(), w.server.Close(), w.store.Close())
}

func (w *harness) restart(t *rapid.T) {
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
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
func (w *harness) expecting(t *rapid.T, stream string) string {
	last := w.model.last(stream)
	if w.model.hasTombstone(stream) {
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
func (w *harness) appendSome(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	batch := make([]modelEvent, rapid.IntRange(0, 4).Draw(t, "events"))
	old := w.model.streams[stream]
	for i := range batch {
		w.made++
		batch[i] = modelEvent{stream: stream, label: fmt.Sprint("e", w.made), typ: "made",
			data: fmt.Sprintf(`{"$tb":%d}`, w.made%5), json: rapid.Bool().Draw(t, "json")}
		if len(old) > 0 && rapid.IntRange(0, 3).Draw(t, "old") == 0 {
			at := rapid.IntRange(0, len(old)-1).Draw(t, "at")
			if old[at].label != "?" {
				batch[i].label = old[at].label
			}
		}
	}
	w.appendBoth(t, stream, w.expecting(t, stream), batch)
}

// setMetadata sets metadata.
func (w *harness) setMetadata(t *rapid.T) {
	stream := "$$" + randomPlain.Draw(t, "stream")
	w.made++
	e := modelEvent{stream: stream, label: fmt.Sprint("e", w.made), typ: metadataType,
		data: randomMeta.Draw(t, "metadata"), json: true}
	w.appendBoth(t, stream, "any", []modelEvent{e})
}

// repeat sends an earlier append again.
func (w *harness) repeat(t *rapid.T) {
	if len(w.sent) > 0 {
		w.sent[rapid.IntRange(0, len(w.sent)-1).Draw(t, "which")](t)
	}
}

func (w *harness) appendBoth(t *rapid.T, stream, expected string, batch []modelEvent) {
	send := func(t *rapid.T) {
		call, err := w.client.Append(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = call.Send(w.options(stream, expected)) // CloseAndRecv returns the error
		for _, e := range batch {
			_ = call.Send(w.proposed(fmt.Sprintf("%s|%s%s|%s", e.label, e.typ, map[bool]string{false: "!"}[e.json], e.data)))
		}
		answer, err := call.CloseAndRecv()
		got := ""
		switch wrong := answer.GetWrongExpectedVersion(); {
		case err != nil:
			got = w.errorText(t, err)
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
		want := w.model.append(stream, expected, batch)
		if got != want {
			t.Fatalf("append to %s expecting %s %v: %s, want %s", stream, expected, batch, got, want)
		}
		if answer.GetSuccess().GetPosition() != nil && len(batch) > 0 {
			w.checkPosition(t, w.model.streams[stream][answer.GetSuccess().GetCurrentRevision()],
				answer.GetSuccess().GetPosition().GetCommitPosition())
		}
	}
	send(t)
	w.sent = append(w.sent, send)
}

// errorText returns the text of an expected error.
func (w *harness) errorText(t *rapid.T, err error) string {
	if text := status.Convert(err).Message(); strings.HasSuffix(text, "is deleted.") {
		return "deleted"
	} else if cut := strings.LastIndex(text, "Actual version: "); cut > 0 {
		return "wrong " + text[cut+len("Actual version: "):]
	}
	t.Fatal(err)
	return ""
}

// checkPosition records an event's position and checks that it never changes.
func (w *harness) checkPosition(t *rapid.T, e *modelEvent, position uint64) {
	if e.position == 0 {
		e.position = position
	}
	if e.position != position || position == 0 {
		t.Fatalf("event %v is at position %d, want %d as before", e, position, e.position)
	}
}

func (w *harness) deleteOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	expected := w.expecting(t, stream)
	w.text.Reset()
	w.transcript.delete(stream, expected)
	w.compareEnd(t, w.model.delete(stream, expected))
}

func (w *harness) tombstoneOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
		return // otherwise there would soon be no streams left
	}
	expected := w.expecting(t, stream)
	w.text.Reset()
	w.transcript.tombstone(stream, expected)
	w.compareEnd(t, w.model.tombstone(stream, expected))
}

func (w *harness) compareEnd(t *rapid.T, want string) {
	_, text, _ := strings.Cut(strings.TrimSpace(w.text.String()), " → ")
	got := "done"
	if strings.Contains(text, "stream-deleted") {
		got = "deleted"
	} else if _, after, ok := strings.Cut(text, "actual-version="); ok {
		got = "wrong " + strings.Fields(after)[0]
	}
	if got != want || (got == "done") != strings.HasPrefix(text, "@") {
		t.Fatalf("%s, want %s", w.text.String(), want)
	}
}

// compareEvents compares the received events with the model's.
func (w *harness) compareEvents(t *rapid.T, what string, got []*streams.ReadResp_ReadEvent_RecordedEvent,
	want []*modelEvent) {
	for i, e := range got {
		seen := modelEvent{
			stream: string(e.StreamIdentifier.StreamName), revision: int64(e.StreamRevision), label: w.label(e.Id),
			typ: e.Metadata["type"], data: string(e.Data), json: e.Metadata["content-type"] == contentJSON,
		}
		if i >= len(want) || seen.String() != want[i].String() {
			t.Fatalf("%s: event %d is %v, want\n%v", what, i, &seen, want)
		}
		w.checkPosition(t, want[i], e.CommitPosition)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want\n%v", what, len(got), want)
	}
}

// receive reads to the end, or until caught up. why is the reason for no events.
func (w *harness) receive(t *rapid.T, request *streams.ReadReq) (
	got []*streams.ReadResp_ReadEvent_RecordedEvent, checkpoints []uint64, why string,
) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	call, err := w.client.Read(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return got, checkpoints, why
		}
		if err != nil {
			return got, checkpoints, w.errorText(t, err)
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
