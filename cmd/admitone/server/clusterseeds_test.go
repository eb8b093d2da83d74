package server

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"

	"admitone/events"
)

// seedStore is a log with one snapshot, which can't be loaded while err is set.
type seedStore struct {
	DurableLog
	head  events.Snapshot
	text  []byte // nil for no snapshot
	err   error
	saved int // calls of SaveSnapshot
}

func (s *seedStore) LoadSnapshot(_ events.StreamID, read func(events.Snapshot, io.Reader) error) error {
	if s.err != nil {
		return s.err
	}
	if s.text == nil {
		return events.ErrNoSnapshot
	}
	return read(s.head, bytes.NewReader(s.text))
}

func (s *seedStore) SaveSnapshot(_ events.StreamID, head events.Snapshot, write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	s.head, s.text, s.saved = head, text.Bytes(), s.saved+1
	return nil
}

// TestSeedsAreNotOverwritten: a snapshot of seed addresses that can't be read, or has another version, is not
// overwritten.
func TestSeedsAreNotOverwritten(t *testing.T) {
	log := &seedStore{}
	node := func(address string) *node {
		return &node{log: log, address: address, logger: slog.New(slog.DiscardHandler)}
	}
	node("a:1").saveSeed()
	node("b:1").saveSeed()
	node("b:1").saveSeed() // not saved, since the address was just saved
	if got := node("c:1").seedAddresses(); !slices.Equal(got, []string{"a:1", "b:1"}) || log.saved != 2 {
		t.Fatalf("addresses %q, saved %d times; want a:1 and b:1, saved twice", got, log.saved)
	}
	log.err = errors.New("the disk fails")
	node("c:1").saveSeed()
	log.err = nil
	log.head.Version++
	if got := node("c:1").seedAddresses(); got != nil {
		t.Errorf("addresses of a snapshot with another version: %q, want none", got)
	}
	node("c:1").saveSeed()
	log.head.Version--
	if got := node("c:1").seedAddresses(); !slices.Equal(got, []string{"a:1", "b:1"}) || log.saved != 2 {
		t.Errorf("addresses %q, saved %d times; want a:1 and b:1, saved twice", got, log.saved)
	}
}
