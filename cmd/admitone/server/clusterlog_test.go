package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestRepeats: a fault is due when it begins or changes, and then at growing intervals. The number of remembered
// faults is bounded.
func TestRepeats(t *testing.T) {
	var r repeats
	now := time.Now()
	count := 0
	for second := range 24 * 60 * 60 { // a day
		if r.due("key", "fault", now.Add(time.Duration(second)*time.Second)) {
			count++
		}
	}
	// It is due after 0, 1, 3, 7, 15, 31 and 63 minutes, and then every hour.
	if count < 20 || count > 31 {
		t.Errorf("a fault that lasts a day is due %d times, want about 29", count)
	}
	if !r.due("key", "another fault", now) {
		t.Error("due of a changed fault = false, want true")
	}
	if r.due("key", "another fault", now) {
		t.Error("due of the same fault at the same time = true, want false")
	}
	if r.clear("key"); !r.due("key", "another fault", now) {
		t.Error("due of a fault after clear = false, want true")
	}
	for i := range 2 * maxFaults {
		r.due(fmt.Sprint(i), "fault", now)
	}
	if len(r.faults) != maxFaults {
		t.Errorf("%d faults are remembered, want %d", len(r.faults), maxFaults)
	}
}

// TestGossipLog: of memberlist's messages, only those about packets that could not be decrypted are logged as
// warnings, once per host.
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
