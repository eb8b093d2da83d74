package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"admitone/api/contacts"
	"admitone/events"
	"admitone/events/embedded"
)

// TestForgetIsOwed: a server that fails to forget a holder retries, and continues to follow the log. Until it
// succeeds, it announces to the other nodes the position before the fact that the holder is forgotten.
func TestForgetIsOwed(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := embedded.Open(t.TempDir(), embedded.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	open := func(dir string) *contacts.Book {
		book, err := contacts.Open(dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { book.Close() })
		return book
	}
	dir := t.TempDir()
	p, other := &Server{logger: quiet, Log: log, contacts: open(dir)}, open(t.TempDir())
	if err := p.contacts.Store("ann", []byte("a"), "s"); err != nil {
		t.Fatal(err)
	}
	at, err := other.Record(t.Context(), log, "ann", events.Metadata{CommandID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	obstacle := filepath.Join(dir, "forgotten.new")
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	p.following.Store(uint64(at) + 7)
	p.forget(t.Context(), at)
	p.forget(t.Context(), at+1)
	if got := p.announced(); got != at-1 {
		t.Errorf("announced() = %d, want %d", got, at-1)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); p.announced() != at+7; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("announced() = %d for a minute, want %d", p.announced(), at+7)
		}
	}
	if _, contact, err := p.contacts.Find("s"); contact != nil || err != nil {
		t.Errorf("the contact is %q, %v; want none", contact, err)
	}
	p.background.Wait()
}
