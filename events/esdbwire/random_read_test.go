package esdbwire

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"pgregory.net/rapid"
)

func (h *harness) readOne(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	backward := rapid.Bool().Draw(t, "backward")
	from := uint64(rapid.IntRange(0, int(h.model.last(stream))+3).Draw(t, "from"))
	count := rapid.IntRange(1, 6).Draw(t, "count")
	words := []string{fmt.Sprint(from), fmt.Sprint("x", count)}
	if backward {
		words = append(words, "backward")
	}
	got, _, reason := h.receive(t, h.request(stream, words))
	want, wantReason := h.model.read(stream, from, backward, count)
	if reason != wantReason {
		t.Fatalf("%s %v: %q, want %q", stream, words, reason, wantReason)
	}
	h.compareEvents(t, fmt.Sprint(stream, words), got, want)
}

// drawPosition draws a position in the log: at, just before or just after an event, or an end.
func (h *harness) drawPosition(t *rapid.T) (commit, prepare uint64) {
	known := []uint64{0, math.MaxUint64}
	for _, e := range h.model.log {
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

func (h *harness) readLog(t *rapid.T) {
	h.readPositions(t)
	commit, prepare := h.drawPosition(t)
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
	got, _, _ := h.receive(t, h.request(allName, words))
	h.compareEvents(t, fmt.Sprint(words), got, h.model.all(commit, prepare, backward, count, prefix))
}

// readPositions reads the whole log, so that every position is known.
func (h *harness) readPositions(t *rapid.T) {
	got, _, _ := h.receive(t, h.request(allName, []string{"start", "x100000"}))
	h.compareEvents(t, "the log", got, h.model.log)
	if !slices.IsSortedFunc(got, func(a, b *streams.ReadResp_ReadEvent_RecordedEvent) int {
		return int(int64(a.CommitPosition) - int64(b.CommitPosition))
	}) {
		t.Fatal("the positions of the log do not increase; want ascending positions")
	}
}

func (h *harness) subscribeOne(t *rapid.T) {
	stream := randomStreams.Draw(t, "stream")
	from := rapid.IntRange(-1, int(h.model.last(stream))+2).Draw(t, "behind")
	word := fmt.Sprint(from)
	if from < 0 {
		word = "start"
	}
	got, _, reason := h.receive(t, h.request(stream, []string{word, "subscribe"}))
	want, wantReason := h.model.read(stream, uint64(from+1), false, math.MaxInt)
	if wantReason == "not found" {
		wantReason = "" // a subscription waits
	}
	if reason != wantReason {
		t.Fatalf("%s behind %d: %q, want %q", stream, from, reason, wantReason)
	}
	h.compareEvents(t, fmt.Sprint(stream, " behind ", from), got, want)
}

// subscribeLog catches up with a filter, and again from one of the received checkpoints. No event may be
// missing or duplicated.
func (h *harness) subscribeLog(t *rapid.T) {
	h.readPositions(t)
	commit, prepare := h.drawPosition(t)
	if commit == math.MaxUint64 {
		return // this subscription has caught up immediately
	}
	prefix := rapid.SampledFrom([]string{"a", "$$", "b"}).Draw(t, "prefix")
	window := fmt.Sprint("window", rapid.IntRange(1, 5).Draw(t, "window"))
	filter := "stream:^" + strings.ReplaceAll(prefix, "$", `\$`)
	got, checkpoints, _ := h.receive(t, h.request(allName,
		[]string{fmt.Sprintf("%d/%d", commit, prepare), "subscribe", filter, window}))
	want := h.model.subscribed(commit, prepare, prefix)
	h.compareEvents(t, "subscription", got, want)
	if len(checkpoints) == 0 {
		return
	}
	if !slices.IsSorted(checkpoints) || len(slices.Compact(slices.Clone(checkpoints))) != len(checkpoints) {
		t.Fatalf("checkpoints = %v, want ascending without duplicates", checkpoints)
	}
	from := rapid.SampledFrom(checkpoints).Draw(t, "checkpoint")
	again, _, _ := h.receive(t, h.request(allName, []string{fmt.Sprint(from), "subscribe", filter, window}))
	until := slices.IndexFunc(got, func(e *streams.ReadResp_ReadEvent_RecordedEvent) bool {
		return e.CommitPosition > from
	})
	if until < 0 {
		until = len(got)
	}
	h.compareEvents(t, "from a checkpoint", append(got[:until:until], again...), want)
}
