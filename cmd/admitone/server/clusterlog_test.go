package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestRepeats: a fault is due when it starts or changes, and then more and more rarely; so many others are none.
func TestRepeats(t *testing.T) {
	var r repeats
	now := time.Now()
	due := 0
	for second := range 24 * 60 * 60 { // a day
		if r.due("key", "fault", now.Add(time.Duration(second)*time.Second)) {
			due++
		}
	}
	// After 0, 1, 3, 7, 15, 31 minutes, and from then on hourly.
	if due < 20 || due > 31 {
		t.Errorf("a fault of a day is due %d times, want about 29", due)
	}
	if !r.due("key", "another fault", now) {
		t.Error("a fault that has changed is not due")
	}
	if r.due("key", "another fault", now) {
		t.Error("a fault is due twice at the same time")
	}
	if r.clear("key"); !r.due("key", "another fault", now) {
		t.Error("a fault that has returned is not due")
	}
	for i := range 2 * maxFaults {
		r.due(fmt.Sprint(i), "fault", now)
	}
	if len(r.faults) != maxFaults {
		t.Errorf("%d faults are remembered, want %d", len(r.faults), maxFaults)
	}
}

// TestGossipLog: only messages that could not be decrypted are warnings, once per host.
func TestGossipLog(t *testing.T) {
	var out bytes.Buffer
	g := &gossipLog{logger: slog.New(slog.NewTextHandler(&out, nil))}
	for _, line := range []string{
		"[ERR] memberlist: failed to receive: " + undecryptable + " from=192.0.2.1:1001",
		"[ERR] memberlist: failed to receive: " + undecryptable + " from=192.0.2.1:1002",
		"[ERR] memberlist: Decrypt packet failed: " + undecryptable + " from=[2001:db8::1]:7946",
		"[DEBUG] memberlist: Failed to join 192.0.2.2:7946: " + undecryptable, // logged by the caller
		"[ERR] memberlist: failed to receive: EOF from=192.0.2.3:1001",
	} {
		if _, err := g.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 2 || !strings.Contains(got[0], "from=192.0.2.1") || !strings.Contains(got[1], "from=2001:db8::1") {
		t.Errorf("the log is %q, want a warning for each of two hosts", got)
	}
}
