package contacts

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/embedded"
)

func openLog(t *testing.T) *embedded.Store {
	t.Helper()
	log, err := embedded.Open(t.TempDir(), embedded.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// recordForgotten records that a holder is forgotten, and returns the position of the fact.
func recordForgotten(t *testing.T, b *Book, log events.Store, holder events.Holder, command string) events.Position {
	t.Helper()
	at, err := b.Record(t.Context(), log, holder, events.Metadata{CommandID: command, CorrelationID: command,
		CausationID: command, Actor: "ann"})
	if err != nil || at == 0 {
		t.Fatalf("Record(%s) = position %d, %v; want a position", holder, at, err)
	}
	return at
}

// TestForgottenInTheLog: a fact that one server records makes a second server forget the holder too, even if
// the second was stopped. Each fact is applied once: contacts stored afterwards stay, even after a restart.
func TestForgottenInTheLog(t *testing.T) {
	log, dir := openLog(t), t.TempDir()
	here, there := openBook(t, t.TempDir()), openBook(t, dir)
	defer here.Close()
	for _, b := range []*Book{here, there} {
		saveContact(t, b, "ann", "old", "ann")
		saveContact(t, b, "bob", "stays", "bob")
	}
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	if !here.HasDataOf("ann") {
		t.Error("HasDataOf(ann) = false before she is forgotten, want true")
	}
	recordForgotten(t, here, log, "ann", "1")
	if here.HasDataOf("ann") {
		t.Error("HasDataOf(ann) = true after she is forgotten, want false")
	}
	wantContact(t, here, "ann", "")
	for range 2 {
		there = openBook(t, dir)
		if err := there.CatchUp(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		wantContact(t, there, "ann", "")
		if err := there.Close(); err != nil {
			t.Fatal(err)
		}
	}
	there = openBook(t, dir)
	saveContact(t, there, "ann", "new", "ann")
	recordForgotten(t, here, log, "cid", "2") // a holder that no server knows
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	there = openBook(t, dir)
	defer there.Close()
	if err := there.CatchUp(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	wantContact(t, there, "ann", "new")
	wantContact(t, there, "bob", "stays")
	recordForgotten(t, there, log, "bob", "3")
	wantContact(t, there, "bob", "")
}

// TestContactAfterForgottenUnknown: after the fact about a holder without contacts here, a contact of that
// holder is stored, and stays after a restart.
func TestContactAfterForgottenUnknown(t *testing.T) {
	log, dir := openLog(t), t.TempDir()
	b := openBook(t, dir)
	recordForgotten(t, b, log, "eve", "1")
	saveContact(t, b, "eve", "new", "eve")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openBook(t, dir)
	defer b.Close()
	if err := b.CatchUp(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	wantContact(t, b, "eve", "new")
}

// TestForgottenAgain: about a holder without contacts here, at most one fact is recorded per minute. A holder
// whose contact was stored since then is forgotten immediately, and so are other holders.
func TestForgottenAgain(t *testing.T) {
	log, b := openLog(t), openBook(t, t.TempDir())
	defer b.Close()
	saveContact(t, b, "ann", "a", "ann")
	recordForgotten(t, b, log, "ann", "1")
	refused := func(b *Book, holder events.Holder, command string) {
		t.Helper()
		again := (*RepeatError)(nil)
		if at, err := b.Record(t.Context(), log, holder, events.Metadata{CommandID: command}); !errors.As(err, &again) ||
			again.Wait <= 0 || again.Wait > repeatInterval {
			t.Errorf("Record(%s) = position %d, %v; want a RepeatError", holder, at, err)
		}
	}
	refused(b, "ann", "2")
	other := openBook(t, t.TempDir()) // another server, which starts later
	defer other.Close()
	refused(other, "ann", "3")
	saveContact(t, other, "ann", "b", "ann")
	recordForgotten(t, other, log, "ann", "4")
	recordForgotten(t, b, log, "bob", "5")
	refused(b, "bob", "6")
	if head, err := log.Head(t.Context()); err != nil || head != 3 {
		t.Errorf("the log ends at %d, %v; want 3", head, err)
	}
	b.recent[holderIDOf("ann")] = time.Now().Add(-repeatInterval)
	recordForgotten(t, b, log, "ann", "7")
}

// hangingLog is a log that does not answer reads.
type hangingLog struct{ events.Store }

// Read implements events.Store.
func (hangingLog) Read(ctx context.Context, _ events.StreamID, _ events.Revision, _ events.Direction, _ int) (
	[]events.Recorded, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestForgetOnHangingLog: a request ends with its context, even while another one holds the lock of the log.
func TestForgetOnHangingLog(t *testing.T) {
	b := openBook(t, t.TempDir())
	defer b.Close()
	followCtx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.CatchUp(followCtx, hangingLog{}) }()
	for len(b.logLock) == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := b.Record(ctx, hangingLog{}, "ann", events.Metadata{CommandID: "1"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Record on a hanging log: error %v, want %v", err, context.DeadlineExceeded)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("CatchUp on a hanging log: error %v, want %v", err, context.Canceled)
	}
}

// lossyLog is a log that executes every append, but loses the answer to the first one.
type lossyLog struct {
	events.Store
	lost bool
}

// Append implements events.Store.
func (l *lossyLog) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	appended, err := l.Store.Append(ctx, stream, expected, batch)
	if err == nil && !l.lost {
		l.lost = true
		return events.Appended{}, events.ErrUnknown
	}
	return appended, err
}

// TestForgottenOnce: a fact whose append had no answer is found, and not appended again.
func TestForgottenOnce(t *testing.T) {
	log, b := openLog(t), openBook(t, t.TempDir())
	defer b.Close()
	saveContact(t, b, "ann", "a", "ann")
	if at := recordForgotten(t, b, &lossyLog{Store: log}, "ann", "1"); at != 1 {
		t.Errorf("the fact is at %d, want 1", at)
	}
	wantContact(t, b, "ann", "")
	if head, err := log.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("the log ends at %d, %v; want 1", head, err)
	}
}

// TestForgottenOfAnotherLog: the recorded progress is compared with the log. In a restored log, all
// facts are applied again; unreadable progress is ignored.
func TestForgottenOfAnotherLog(t *testing.T) {
	first, second, dir := openLog(t), openLog(t), t.TempDir()
	b := openBook(t, dir)
	recordForgotten(t, b, first, "bob", "1")
	recordForgotten(t, b, first, "cid", "2")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	other := openBook(t, t.TempDir())
	defer other.Close()
	recordForgotten(t, other, second, "ann", "3")
	for _, text := range []string{"", "0 00\n", "x"} {
		if text != "" {
			if err := os.WriteFile(filepath.Join(dir, forgottenFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b = openBook(t, dir)
		saveContact(t, b, "ann", "a", "ann")
		if err := b.CatchUp(t.Context(), second); err != nil {
			t.Error(err)
		}
		wantContact(t, b, "ann", "")
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForgottenWithDamage: CatchUp fails at a fact with an invalid hash every time, and does not skip it.
func TestForgottenWithDamage(t *testing.T) {
	log, b := openLog(t), openBook(t, t.TempDir())
	defer b.Close()
	fact := &events.HolderForgotten{HolderHash: "ann"}
	e := events.Event{ID: events.EventID("c", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact), Fact: fact}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, events.SettingsStream, 0, &e, &events.Metadata{CommandID: "c"})
	if _, err := log.Append(t.Context(), events.SettingsStream, events.NoStream, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.CatchUp(t.Context(), log); !errors.Is(err, events.ErrDamaged) {
			t.Errorf("CatchUp: error %v, want %v", err, events.ErrDamaged)
		}
	}
}
