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

// openIn opens the book in a directory; the test closes it.
func openIn(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keepFor makes a book store a contact of a holder under a subject of the same name.
func keepFor(t *testing.T, b *Book, holder events.Holder, contact string) {
	t.Helper()
	if err := b.Keep(holder, []byte(contact), string(holder)); err != nil {
		t.Fatal(err)
	}
}

// wantContact fails unless a book has this contact of a holder; "" means no contact.
func wantContact(t *testing.T, b *Book, holder events.Holder, want string) {
	t.Helper()
	if _, got, err := b.Find(string(holder)); err != nil || string(got) != want {
		t.Errorf("the contact of %s is %q, %v; want %q", holder, got, err, want)
	}
}

func recordFact(t *testing.T, b *Book, log events.Store, holder events.Holder, command string) events.Position {
	t.Helper()
	at, err := b.Record(t.Context(), log, holder, events.Metadata{CommandID: command, CorrelationID: command,
		CausationID: command, Actor: "ann"})
	if err != nil || at == 0 {
		t.Fatalf("position %d, %v", at, err)
	}
	return at
}

// TestForgottenInTheLog: a fact of one server makes another forget, even if it was stopped, exactly
// once each: contacts stored afterwards stay, through a restart.
func TestForgottenInTheLog(t *testing.T) {
	log, dir := openLog(t), t.TempDir()
	here, there := openIn(t, t.TempDir()), openIn(t, dir)
	defer here.Close()
	for _, b := range []*Book{here, there} {
		keepFor(t, b, "ann", "old")
		keepFor(t, b, "bob", "stays")
	}
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	if !here.Remembers("ann") {
		t.Error("a contact is not remembered")
	}
	recordFact(t, here, log, "ann", "1")
	if here.Remembers("ann") {
		t.Error("a forgotten one is remembered")
	}
	wantContact(t, here, "ann", "")
	for range 2 {
		there = openIn(t, dir)
		if err := there.CatchUp(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		wantContact(t, there, "ann", "")
		if err := there.Close(); err != nil {
			t.Fatal(err)
		}
	}
	there = openIn(t, dir)
	keepFor(t, there, "ann", "new")
	recordFact(t, here, log, "cid", "2") // a holder that no server knows
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	there = openIn(t, dir)
	defer there.Close()
	if err := there.CatchUp(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	wantContact(t, there, "ann", "new")
	wantContact(t, there, "bob", "stays")
	recordFact(t, there, log, "bob", "3")
	wantContact(t, there, "bob", "")
}

// TestContactAfterForgottenUnknown: the fact is about a holder without contacts here, and a contact
// stored after it stays, through a restart.
func TestContactAfterForgottenUnknown(t *testing.T) {
	log, dir := openLog(t), t.TempDir()
	b := openIn(t, dir)
	recordFact(t, b, log, "eve", "1")
	keepFor(t, b, "eve", "new")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openIn(t, dir)
	defer b.Close()
	if err := b.CatchUp(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	wantContact(t, b, "eve", "new")
}

// TestForgottenAgain: however often it is requested, the log gets one fact a minute about a holder
// without contacts here. A contact stored since is forgotten at once, and so are other holders.
func TestForgottenAgain(t *testing.T) {
	log, b := openLog(t), openIn(t, t.TempDir())
	defer b.Close()
	keepFor(t, b, "ann", "a")
	recordFact(t, b, log, "ann", "1")
	refused := func(b *Book, holder events.Holder, command string) {
		t.Helper()
		again := (*AgainError)(nil)
		if at, err := b.Record(t.Context(), log, holder, events.Metadata{CommandID: command}); !errors.As(err, &again) ||
			again.Wait <= 0 || again.Wait > againAfter {
			t.Errorf("position %d, %v", at, err)
		}
	}
	refused(b, "ann", "2")
	other := openIn(t, t.TempDir()) // another server, which starts later
	defer other.Close()
	refused(other, "ann", "3")
	keepFor(t, other, "ann", "b")
	recordFact(t, other, log, "ann", "4")
	recordFact(t, b, log, "bob", "5")
	refused(b, "bob", "6")
	if head, err := log.Head(t.Context()); err != nil || head != 3 {
		t.Errorf("the log ends at %d, %v", head, err)
	}
	b.recent[holderIDOf("ann")] = time.Now().Add(-againAfter)
	recordFact(t, b, log, "ann", "7")
}

// frozen is a log that does not answer.
type frozen struct{ events.Store }

// Read implements events.Store.
func (frozen) Read(ctx context.Context, _ events.StreamID, _ events.Revision, _ events.Direction, _ int) (
	[]events.Recorded, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestForgetOnAFrozenLog: a request ends with its context, even while another one follows the log.
func TestForgetOnAFrozenLog(t *testing.T) {
	b := openIn(t, t.TempDir())
	defer b.Close()
	follows, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.CatchUp(follows, frozen{}) }()
	for len(b.following) == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := b.Record(ctx, frozen{}, "ann", events.Metadata{CommandID: "1"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// lossyLog is a log that executes an append, and loses the answer once.
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
	log, b := openLog(t), openIn(t, t.TempDir())
	defer b.Close()
	keepFor(t, b, "ann", "a")
	if at := recordFact(t, b, &lossyLog{Store: log}, "ann", "1"); at != 1 {
		t.Errorf("the fact is at %d, want 1", at)
	}
	wantContact(t, b, "ann", "")
	if head, err := log.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("the log ends at %d, %v", head, err)
	}
}

// TestForgottenOfAnotherLog: the recorded progress is compared with the log. In a restored log, all
// facts are followed again; an unreadable mark is ignored.
func TestForgottenOfAnotherLog(t *testing.T) {
	first, second, dir := openLog(t), openLog(t), t.TempDir()
	b := openIn(t, dir)
	recordFact(t, b, first, "bob", "1")
	recordFact(t, b, first, "cid", "2")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	other := openIn(t, t.TempDir())
	defer other.Close()
	recordFact(t, other, second, "ann", "3")
	for _, text := range []string{"", "0 00\n", "x"} {
		if text != "" {
			if err := os.WriteFile(filepath.Join(dir, forgottenFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b = openIn(t, dir)
		keepFor(t, b, "ann", "a")
		if err := b.CatchUp(t.Context(), second); err != nil {
			t.Error(err)
		}
		wantContact(t, b, "ann", "")
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForgottenWithDamage: a fact without a hash stops a server, and nothing after it is skipped.
func TestForgottenWithDamage(t *testing.T) {
	log, b := openLog(t), openIn(t, t.TempDir())
	defer b.Close()
	fact := &events.HolderForgotten{HolderHash: "ann"}
	e := events.Event{ID: events.EventID("c", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact), Fact: fact}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, events.SettingsStream, 0, &e, &events.Metadata{CommandID: "c"})
	if _, err := log.Append(t.Context(), events.SettingsStream, events.NoStream, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.CatchUp(t.Context(), log); !errors.Is(err, events.ErrDamaged) {
			t.Errorf("it says %v", err)
		}
	}
}
