package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/api/peers"
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

// TestForeignNode: a node is foreign if a live node that is recorded before it has another secret, whatever the later
// ones have. It removes itself from the record, and stays foreign when the others are away.
func TestForeignNode(t *testing.T) {
	now := time.Now().UTC()
	for _, c := range []struct {
		recorded []seed
		refusing []string
		want     bool
	}{
		{[]seed{{"a:1", now}, {"own:1", now}}, []string{"a:1"}, true},
		{[]seed{{"a:1", now}}, []string{"a:1"}, true},
		{[]seed{{"b:1", now}, {"a:1", now}, {"own:1", now}}, []string{"a:1"}, true},
		{[]seed{{"own:1", now}, {"a:1", now}}, []string{"a:1"}, false},
		{[]seed{{"a:1", now}, {"own:1", now}}, []string{"given:1"}, false},
		{[]seed{{"a:1", now}, {"own:1", now}}, nil, false},
		{[]seed{{"a:1", now.Add(-seedLive)}, {"own:1", now}}, []string{"a:1"}, false}, // another node has its address now
	} {
		text, err := json.Marshal(c.recorded)
		if err != nil {
			t.Fatal(err)
		}
		log := &seedStore{text: text}
		log.head.Version = membersVersion
		n := &node{log: log, address: "own:1", logger: slog.New(slog.DiscardHandler), peers: peers.New(peers.Config{
			Self: peers.Member{Name: "own", State: peers.Serving}, Metrics: prometheus.NewRegistry()})}
		for _, refusing := range [][]string{c.refusing, nil} {
			n.judgeSecret(refusing)
			if got := n.keys.foreign.Load(); got != c.want {
				t.Errorf("recorded %v, refusing %q: foreign = %t, want %t", c.recorded, refusing, got, c.want)
			}
		}
		n.saveSeed()
		if got := slices.Contains(n.seedAddresses(), n.address); got == c.want {
			t.Errorf("recorded %v, refusing %q: recorded = %t, want %t", c.recorded, c.refusing, got, !c.want)
		}
	}
}
