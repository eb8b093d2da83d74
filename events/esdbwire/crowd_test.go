package esdbwire

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestSubscriptionsAreBounded: subscriptions beyond the limit are refused on any connection, which is
// logged once, and other calls proceed. After a subscription has ended, another one is accepted.
func TestSubscriptionsAreBounded(t *testing.T) {
	const most = 6
	var log lockedText
	address, server := serve(t, openLog(t), Config{Writable: true, MaxSubscriptions: most,
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s, other := newTranscript(t, dial(t, address)), newTranscript(t, dial(t, address))
	s.append("a", "none", "a1")
	var open []*subscription
	for i := range most {
		follower := []*transcript{s, other}[i%2].subscribe([]string{allName, "a"}[i%2], "start")
		follower.until("caught up")
		open = append(open, follower)
	}
	for range 3 {
		refused := other.subscribe(allName, "start")
		if _, err := refused.call.Recv(); status.Code(err) != codes.ResourceExhausted ||
			!strings.Contains(err.Error(), fmt.Sprint(most)) {
			t.Errorf("a subscription beyond the limit ended with %v, want the limit in the error", err)
		}
	}
	if n := strings.Count(log.String(), "too many subscriptions"); n != 1 {
		t.Errorf("the refusal was logged %d times, want 1:\n%s", n, log.String())
	}
	if n := server.Stats(); n.Subscriptions != most || n.MaxSubscriptions != most || n.MaxCalls != 2*most {
		t.Errorf("stats = %+v, want Subscriptions %v, MaxSubscriptions %v, MaxCalls %v", n, most, most, 2*most)
	}
	s.append("a", "any", "a2")
	s.read(allName, "start", "types:made")
	open[0].until("a2")
	open[0].cancel()
	for end := time.Now().Add(testTimeout); server.Stats().Subscriptions == most; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an ended subscription is still counted after a minute")
		}
	}
	other.subscribe(allName, "start").until("caught up")
}

// TestCallsAreBounded: the number of streaming calls is bounded.
func TestCallsAreBounded(t *testing.T) {
	address, server := serve(t, openLog(t), Config{Writable: true, MaxSubscriptions: 2})
	s := newTranscript(t, dial(t, address))
	for i := range 4 { // each waits for its next append
		b := s.batch()
		b.send("r", b.to(fmt.Sprint("s", i), "any"), true, fmt.Sprint("e", i))
		b.answer()
	}
	if n := server.Stats(); n.Calls != 4 {
		t.Errorf("stats = %+v, want Calls 4", n)
	}
	refused := s.subscribe(allName, "start")
	if _, err := refused.call.Recv(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a call beyond the limit ended with %v, want ResourceExhausted", err)
	}
}

// lockedText is a log output that is safe for concurrent use.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
