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

// world is a server and its model, and the actions on both. The calls are worded
// by a scribe, and compared word by word.
type world struct {
	*scribe
	model      *model
	reopen     func(events.Store) events.Store // a log that was closed, or nil for the first
	store      events.Store
	server     *Server
	connection *grpc.ClientConn
	sent       []func(*rapid.T) // appends that may be sent again
	made       int
}

// TestRandom does at random what clients can do, over both kinds of log.
func TestRandom(t *testing.T) {
	for name, reopen := range map[string]func(*rapid.T, string, events.Store) events.Store{
		"memory": func(_ *rapid.T, _ string, old events.Store) events.Store {
			log := newMemlog()
			if old != nil {
				log.all, log.streams = old.(*memlog).all, old.(*memlog).streams
			}
			return log
		},
		"embedded": func(t *rapid.T, dir string, _ events.Store) events.Store {
			store, err := embedded.Open(dir, embedded.Options{Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "embedded" {
				fewer(t, 5) // it waits for the disk
			}
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp(t.TempDir(), "")
				if err != nil {
					rt.Fatal(err)
				}
				defer os.RemoveAll(dir) // a check that fails is made smaller by many more
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				w := &world{
					scribe: &scribe{TB: t, ctx: ctx, ids: make(map[events.ID]string)},
					model:  &model{streams: make(map[string][]*modelEvent)},
					reopen: func(old events.Store) events.Store { return reopen(rt, dir, old) },
				}
				w.open(rt)
				defer func() {
					if err := w.close(); err != nil {
						t.Error(err)
					}
				}()
				rt.Repeat(map[string]func(*rapid.T){
					"append": w.appendSome, "again": w.again, "describe": w.describe, "delete": w.deleteOne, "tombstone": w.tombstoneOne,
					"read": w.readOne, "readAll": w.readLog, "subscribe": w.subscribeOne, "subscribeAll": w.subscribeLog, "restart": w.restart,
					"appendMore": w.appendSome, "readMore": w.readOne,
				})
			})
		})
	}
}

// fewer makes rapid run a part only of its checks, until the test ends.
func fewer(t *testing.T, part int) {
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

func (w *world) open(t *rapid.T) {
	w.store = w.reopen(w.store)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.server = New(w.store, Config{Writable: true, Logger: quiet})
	go w.server.Serve(listener)
	w.connection, err = grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	w.client = streams.NewStreamsClient(w.connection)
}

func (w *world) close() error {
	return errors.Join(w.connection.Close(), w.server.Close(), w.store.Close())
}

func (w *world) restart(t *rapid.T) {
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

// expecting draws an expectation, mostly about the end of the stream.
func (w *world) expecting(t *rapid.T, stream string) string {
	last := w.model.last(stream)
	if w.model.over(stream) {
		last-- // clients don't know a tombstone's revision
	}
	return rapid.SampledFrom([]string{
		"any", "any", "none", "exists", revision(last), revision(last), revision(last - 1), revision(last + 1), revision(last - 2), "0",
	}).Draw(t, "expected")
}

func revision(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// appendSome appends fresh events, events that are there, or both.
func (w *world) appendSome(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	batch := make([]modelEvent, rapid.IntRange(0, 4).Draw(t, "events"))
	old := w.model.streams[stream]
	for i := range batch {
		w.made++
		batch[i] = modelEvent{stream: stream, label: fmt.Sprint("e", w.made), typ: "made", data: fmt.Sprintf(`{"$tb":%d}`, w.made%5), json: rapid.Bool().Draw(t, "json")}
		if len(old) > 0 && rapid.IntRange(0, 3).Draw(t, "old") == 0 {
			at := rapid.IntRange(0, len(old)-1).Draw(t, "at")
			if old[at].label != "?" {
				batch[i].label = old[at].label
			}
		}
	}
	w.appendBoth(t, stream, w.expecting(t, stream), batch)
}

// describe sets metadata.
func (w *world) describe(t *rapid.T) {
	stream := "$$" + randomPlain.Draw(t, "stream")
	w.made++
	e := modelEvent{stream: stream, label: fmt.Sprint("e", w.made), typ: metadataType, data: randomMeta.Draw(t, "metadata"), json: true}
	w.appendBoth(t, stream, "any", []modelEvent{e})
}

// again sends an append that was sent before, word for word.
func (w *world) again(t *rapid.T) {
	if len(w.sent) > 0 {
		w.sent[rapid.IntRange(0, len(w.sent)-1).Draw(t, "which")](t)
	}
}

func (w *world) appendBoth(t *rapid.T, stream, expected string, batch []modelEvent) {
	send := func(t *rapid.T) {
		call, err := w.client.Append(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = call.Send(w.options(stream, expected)) // CloseAndRecv returns what went wrong
		for _, e := range batch {
			_ = call.Send(w.proposed(fmt.Sprintf("%s|%s%s|%s", e.label, e.typ, map[bool]string{false: "!"}[e.json], e.data)))
		}
		answer, err := call.CloseAndRecv()
		got := ""
		switch wrong := answer.GetWrongExpectedVersion(); {
		case err != nil:
			got = w.refused(t, err)
		case wrong != nil:
			got = fmt.Sprintf("wrong %d", int64(wrong.GetCurrentRevision()))
			if wrong.GetCurrentNoStream() != nil {
				got = "wrong -1"
			}
		case answer.GetSuccess().GetNoStream() != nil:
			got = "none"
		default:
			got = fmt.Sprint(answer.GetSuccess().GetCurrentRevision())
		}
		want := w.model.append(stream, expected, batch)
		if got != want {
			t.Fatalf("append to %s expecting %s %v: %s, want %s", stream, expected, batch, got, want)
		}
		if answer.GetSuccess() != nil && len(batch) > 0 {
			w.saw(t, w.model.streams[stream][answer.GetSuccess().GetCurrentRevision()], answer.GetSuccess().GetPosition().GetCommitPosition())
		}
	}
	send(t)
	w.sent = append(w.sent, send)
}

// refused words an error: only one is expected here.
func (w *world) refused(t *rapid.T, err error) string {
	if text := status.Convert(err).Message(); strings.HasSuffix(text, "is deleted.") {
		return "deleted"
	} else if cut := strings.LastIndex(text, "Actual version: "); cut > 0 {
		return "wrong " + text[cut+len("Actual version: "):]
	}
	t.Fatal(err)
	return ""
}

// saw notes an event's position, which never changes.
func (w *world) saw(t *rapid.T, e *modelEvent, position uint64) {
	if e.position == 0 {
		e.position = position
	}
	if e.position != position || position == 0 {
		t.Fatalf("%v is at %d, and was at %d", e, position, e.position)
	}
}

func (w *world) deleteOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	expected := w.expecting(t, stream)
	w.text.Reset()
	w.scribe.delete(stream, expected)
	w.compareEnd(t, w.model.delete(stream, expected))
}

func (w *world) tombstoneOne(t *rapid.T) {
	stream := randomPlain.Draw(t, "stream")
	if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
		return // else there would soon be none left
	}
	expected := w.expecting(t, stream)
	w.text.Reset()
	w.scribe.tombstone(stream, expected)
	w.compareEnd(t, w.model.tombstone(stream, expected))
}

func (w *world) compareEnd(t *rapid.T, want string) {
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

// compareEvents compares what was received with the model's.
func (w *world) compareEvents(t *rapid.T, what string, got []*streams.ReadResp_ReadEvent_RecordedEvent, want []*modelEvent) {
	for i, e := range got {
		seen := modelEvent{
			stream: string(e.StreamIdentifier.StreamName), revision: int64(e.StreamRevision), label: w.label(e.Id),
			typ: e.Metadata["type"], data: string(e.Data), json: e.Metadata["content-type"] == contentJSON,
		}
		if i >= len(want) || seen.String() != want[i].String() {
			t.Fatalf("%s: event %d is %v, want\n%v", what, i, &seen, want)
		}
		w.saw(t, want[i], e.CommitPosition)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want\n%v", what, len(got), want)
	}
}

// receive reads up to the end, or up to caught up. why is what came instead of events.
func (w *world) receive(t *rapid.T, request *streams.ReadReq) (got []*streams.ReadResp_ReadEvent_RecordedEvent, checkpoints []uint64, why string) {
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
			return got, checkpoints, w.refused(t, err)
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
