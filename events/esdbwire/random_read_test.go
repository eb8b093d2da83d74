package esdbwire

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"pgregory.net/rapid"
)

func (w *harness) readOne(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	backward := rapid.Bool().Draw(t, "backward")
	from := uint64(rapid.IntRange(0, int(w.model.last(stream))+3).Draw(t, "from"))
	count := rapid.IntRange(1, 6).Draw(t, "count")
	words := []string{fmt.Sprint(from), fmt.Sprint("x", count)}
	if backward {
		words = append(words, "backward")
	}
	got, _, reason := w.receive(t, w.request(stream, words))
	want, wantReason := w.model.read(stream, from, backward, count)
	if reason != wantReason {
		t.Fatalf("%s %v: %q, want %q", stream, words, reason, wantReason)
	}
	w.compareEvents(t, fmt.Sprint(stream, words), got, want)
}

// drawPosition draws a position in the log: at, just before or just after an event, or an end.
func (w *harness) drawPosition(t *rapid.T) (commit, prepare uint64) {
	known := []uint64{0, math.MaxUint64}
	for _, e := range w.model.log {
		if e.position > 0 {
			known = append(known, e.position)
		}
	}
	commit = rapid.SampledFrom(known).Draw(t, "position")
	if commit == 0 || commit == math.MaxUint64 {
		return commit, commit
	}
	return commit, commit + uint64(rapid.SampledFrom([]int{0, 0, -1, 1}).Draw(t, "prepare"))
}

func (w *harness) readLog(t *rapid.T) {
	w.readPositions(t)
	commit, prepare := w.drawPosition(t)
	backward := rapid.Bool().Draw(t, "backward")
	prefix := rapid.SampledFrom([]string{"", "$$", "a"}).Draw(t, "prefix")
	count := rapid.IntRange(1, 20).Draw(t, "count")
	words := []string{fmt.Sprintf("%d/%d", commit, prepare), fmt.Sprint("x", count)}
	if backward {
		words = append(words, "backward")
	}
	if prefix != "" {
		words = append(words, "stream:^"+strings.ReplaceAll(prefix, "$", `\$`))
	}
	got, _, _ := w.receive(t, w.request(allName, words))
	w.compareEvents(t, fmt.Sprint(words), got, w.model.all(commit, prepare, backward, count, prefix))
}

// readPositions reads the whole log, so that every position is known.
func (w *harness) readPositions(t *rapid.T) {
	got, _, _ := w.receive(t, w.request(allName, []string{"start", "x100000"}))
	w.compareEvents(t, "the log", got, w.model.log)
	if !slices.IsSortedFunc(got, func(a, b *streams.ReadResp_ReadEvent_RecordedEvent) int {
		return int(int64(a.CommitPosition) - int64(b.CommitPosition))
	}) {
		t.Fatal("the positions of the log don't increase")
	}
}

func (w *harness) subscribeOne(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	from := rapid.IntRange(-1, int(w.model.last(stream))+2).Draw(t, "behind")
	word := fmt.Sprint(from)
	if from < 0 {
		word = "start"
	}
	got, _, reason := w.receive(t, w.request(stream, []string{word, "subscribe"}))
	want, wantReason := w.model.read(stream, uint64(from+1), false, math.MaxInt)
	if wantReason == "not found" {
		wantReason = "" // a subscription waits
	}
	if reason != wantReason {
		t.Fatalf("%s behind %d: %q, want %q", stream, from, reason, wantReason)
	}
	w.compareEvents(t, fmt.Sprint(stream, " behind ", from), got, want)
}

// subscribeLog catches up with a filter, and again from one of its checkpoints: no event is missing
// or duplicated.
func (w *harness) subscribeLog(t *rapid.T) {
	w.readPositions(t)
	commit, prepare := w.drawPosition(t)
	if commit == math.MaxUint64 {
		return // it has caught up at once
	}
	prefix := rapid.SampledFrom([]string{"a", "$$", "b"}).Draw(t, "prefix")
	window := fmt.Sprint("window", rapid.IntRange(1, 5).Draw(t, "window"))
	filter := "stream:^" + strings.ReplaceAll(prefix, "$", `\$`)
	got, checkpoints, _ := w.receive(t, w.request(allName,
		[]string{fmt.Sprintf("%d/%d", commit, prepare), "subscribe", filter, window}))
	want := w.model.subscribed(commit, prepare, prefix)
	w.compareEvents(t, "subscription", got, want)
	if len(checkpoints) == 0 {
		return
	}
	if !slices.IsSorted(checkpoints) || len(slices.Compact(slices.Clone(checkpoints))) != len(checkpoints) {
		t.Fatalf("checkpoints = %v, want ascending without duplicates", checkpoints)
	}
	from := rapid.SampledFrom(checkpoints).Draw(t, "checkpoint")
	again, _, _ := w.receive(t, w.request(allName, []string{fmt.Sprint(from), "subscribe", filter, window}))
	until := slices.IndexFunc(got, func(e *streams.ReadResp_ReadEvent_RecordedEvent) bool {
		return e.CommitPosition > from
	})
	if until < 0 {
		until = len(got)
	}
	w.compareEvents(t, "from a checkpoint", append(got[:until:until], again...), want)
}
