package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"admitone/events"
	"admitone/events/esdbwire"
)

// TestAppendLimitIsDetected: the node's limit is found when the store is opened, without writing a
// probe to the log, and again from a later refusal.
func TestAppendLimitIsDetected(t *testing.T) {
	for _, test := range []struct{ node, want int }{{0, DefaultMaxAppend}, {MinMaxAppend, MinMaxAppend},
		{4 << 20, DefaultMaxAppend}} {
		log := openLog(t, t.TempDir())
		at := serve(t, log, "127.0.0.1:0", esdbwire.Config{Writable: true, MaxAppend: test.node})
		s := connect(t, at.address)
		if got := s.MaxAppend(); got != int64(test.want) {
			t.Errorf("the limit of a node with %d is %d, want %d", test.node, got, test.want)
		}
		if head, err := log.Head(t.Context()); err != nil || head != 1 {
			t.Errorf("the log ends at %d, %v; want only its epoch", head, err)
		}
		s.maxAppend.Store(DefaultMaxAppend) // as if the node had been restarted with a lower limit
		e := sealed("product-a", 0, "a.v1")
		e.Data = []byte(`"` + strings.Repeat("x", 40<<10) + `"`)
		_, err := s.Append(t.Context(), "product-a", events.NoStream, []events.Event{e})
		var large *events.TooLargeError
		if small := test.want == MinMaxAppend; small != errors.As(err, &large) || small && (large.Limit != MinMaxAppend ||
			s.MaxAppend() != MinMaxAppend || !errors.Is(err, events.ErrTooLarge)) {
			t.Errorf("appending 40 KiB to a node with a limit of %d: %v; want TooLargeError: %t", test.node, err, small)
		}
		s.Close()
		at.stop(t)
	}
}

// TestAppendLimitTooSmall: a node with a limit below MinMaxAppend is refused.
func TestAppendLimitTooSmall(t *testing.T) {
	at := serve(t, openLog(t, t.TempDir()), "127.0.0.1:0", esdbwire.Config{Writable: true, MaxAppend: MinMaxAppend - 1})
	defer at.stop(t)
	_, err := Open(t.Context(), "esdb://"+at.address+"?tls=false", Options{Logger: discardLogger})
	if !errors.Is(err, ErrSmallAppends) || !strings.Contains(err.Error(), fmt.Sprint(MinMaxAppend-1)) {
		t.Errorf("Open = %v, want a refusal with its reason", err)
	}
}

// TestUserWithoutReadAll: the error names the missing permission.
func TestUserWithoutReadAll(t *testing.T) {
	f := &faults{}
	n, log := newNetwork(), newMemory()
	n.start("a:2113", log, esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
	defer n.kill(t, "a:2113")
	s := n.connect(t, "esdb://a?tls=false") // it writes the epoch
	s.Close()
	f.then("Read", noFault, refuse(codes.PermissionDenied, "exception", "access-denied"))
	_, err := Open(t.Context(), "esdb://a?tls=false", Options{Logger: discardLogger, Dial: n.dial})
	if !errors.Is(err, ErrMayNotReadAll) || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "$all") {
		t.Errorf("Open = %v, want a refusal with its reason", err)
	}
	f.unreached(t)
}

// TestSlowConsumer: a node ends subscriptions that are not read fast enough. The follower resumes
// at its position, and warns only if it happens repeatedly.
func TestSlowConsumer(t *testing.T) {
	for times, warns := range map[int]bool{slowAllowed: false, slowAllowed + 1: true} {
		synctest.Test(t, func(t *testing.T) {
			f, n, log := &faults{}, newNetwork(), newMemory()
			n.start("a:2113", log, esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
			var lines bytes.Buffer
			s, err := Open(t.Context(), "esdb://a?tls=false",
				Options{Logger: slog.New(slog.NewTextHandler(&lines, nil)), Dial: n.dial})
			if err != nil {
				t.Fatal(err)
			}
			appendEach(t, s, "product", 20)
			for range times {
				f.then("Subscribe", after(2, status.Error(codes.Aborted, "Operation timed out: Consumer too slow to handle "+
					"event while live. Client resubscription required.")))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			seen, enough := 0, errors.New("enough")
			if err := s.Follow(ctx, 0, func(page []events.Recorded) error {
				if seen += len(page); seen < 20 {
					return nil
				}
				return enough
			}); !errors.Is(err, enough) || seen != 20 {
				t.Errorf("followed %d events, %v; want 20", seen, err)
			}
			s.Close()
			n.kill(t, "a:2113")
			if warned := strings.Contains(lines.String(), "WARN"); warned != warns {
				t.Errorf("ended %d times as too slow: warned = %t, want %t; log:\n%s", times, warned, warns, &lines)
			}
		})
	}
}
