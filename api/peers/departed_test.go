package peers

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"admitone/actors/placement"
)

// logBuffer collects log lines, and can be read while they are written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines returns the lines without their times.
func (b *logBuffer) lines() (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		lines = append(lines, rest)
	}
	return lines
}

// loggingPeers returns the peers of the serving node a, and their log.
func loggingPeers() (*Peers, *logBuffer) {
	log := &logBuffer{}
	return New(Config{Self: Member{Name: "a", Run: "a", Hop: Protocol, State: Serving}, Secret: NewSecret([]byte("s")),
		Logger: slog.New(slog.NewTextHandler(log, nil)), Metrics: prometheus.NewRegistry()}), log
}

// TestMembershipIsLogged: nodes that join, leave, are lost, come back or restart are logged, and those that
// went away are listed until they return.
func TestMembershipIsLogged(t *testing.T) {
	p, log := loggingPeers()
	b := Member{Name: "b", Run: "1", HTTP: "127.0.0.1:1", Hop: Protocol, State: Joining}
	with := func(run string, state State) Member {
		m := b
		m.Run, m.State = run, state
		return m
	}
	for _, step := range []struct {
		members  []Member
		line     string // "" for none
		departed string // name, run and state
	}{
		{[]Member{b}, `level=INFO msg="a node joined" node=b`, ""},
		{[]Member{with("1", Serving)}, "", ""},
		{nil, `level=WARN msg="a node was lost: it no longer answers" node=b`, "b 1 lost"},
		{[]Member{with("1", Serving)}, `level=INFO msg="a node is back" node=b`, ""},
		{[]Member{with("2", Joining)}, `level=INFO msg="a node was restarted" node=b`, ""},
		{[]Member{with("2", Draining)}, "", ""},
		{nil, `level=INFO msg="a node left" node=b`, "b 2 left"},
		{nil, "", "b 2 left"},
		{[]Member{with("3", Joining)}, `level=INFO msg="a node was restarted" node=b`, ""},
	} {
		before := len(log.lines())
		p.SetMembers(step.members)
		got := log.lines()[before:]
		if step.line == "" && len(got) > 0 || step.line != "" && (len(got) != 1 || !strings.HasPrefix(got[0], step.line)) {
			t.Errorf("members %v are logged as %q, want %q", step.members, got, step.line)
		}
		departed := ""
		for _, d := range p.Departed() {
			departed += fmt.Sprint(d.Name, " ", d.Run, " ", d.State)
		}
		if departed != step.departed {
			t.Errorf("after members %v, departed are %q; want %q", step.members, departed, step.departed)
		}
	}
}

// TestDepartedAreBounded: nodes that went away are listed for departedFor, and the last maxDeparted of them.
func TestDepartedAreBounded(t *testing.T) {
	p, _ := loggingPeers()
	const gone = maxDeparted + 3
	numbered := func(i int) placement.Member { return placement.Member(fmt.Sprint("c", i)) }
	for i := range gone {
		p.SetMembers([]Member{{Name: "n", Run: "r", State: Serving}, {Name: numbered(i), Run: "c", State: Serving}})
		p.SetMembers([]Member{{Name: "n", Run: "r", State: Serving}})
	}
	got := p.Departed()
	if len(got) != maxDeparted || got[0].Name != numbered(gone-1) {
		t.Fatalf("%d departed nodes, the last %s; want %d, the last %s", len(got), got[0].Name, maxDeparted,
			numbered(gone-1))
	}
	for i := range p.departed[:5] { // the oldest first
		p.departed[i].At = time.Now().Add(-departedFor - time.Second)
	}
	if got := p.Departed(); len(got) != maxDeparted-5 || got[0].Name != numbered(gone-1) {
		t.Errorf("%d departed nodes, want %d", len(got), maxDeparted-5)
	}
}

// TestSilenceIsReported: a node that does not answer is logged as a warning, unless it is starting or stopping. If it
// still does not answer once it has started, it is logged then.
func TestSilenceIsReported(t *testing.T) {
	t.Parallel()
	for state, wantWarning := range map[State]bool{Serving: true, Joining: false, Draining: false} {
		silent, err := net.Listen("tcp", "127.0.0.1:0") // connections are accepted by the kernel, and never read
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		p, log := loggingPeers()
		go func() { _ = p.Run(t.Context()) }()
		b := Member{Name: "b", Run: "r", HTTP: silent.Addr().String(), Hop: Protocol, State: state}
		p.SetMembers([]Member{b})
		for end := time.Now().Add(patience); !p.peer("r").suspected(); time.Sleep(watchEvery) {
			if time.Now().After(end) {
				t.Fatalf("a silent node that is %s is not suspected after %v", state, patience)
			}
		}
		warned := func() bool {
			return slices.ContainsFunc(log.lines(), func(line string) bool { return strings.Contains(line, "WARN") })
		}
		if got := warned(); got != wantWarning {
			t.Errorf("a warning about a silent node that is %s: %t, want %t; log: %q", state, got, wantWarning, log.lines())
		}
		b.State = Serving
		p.SetMembers([]Member{b})
		for end := time.Now().Add(patience); !warned(); time.Sleep(watchEvery) {
			if time.Now().After(end) {
				t.Fatalf("no warning about a silent node that was %s and serves now; log: %q", state, log.lines())
			}
		}
	}
}

// TestAnswers: Answers reports whether the expected run of a node answers.
func TestAnswers(t *testing.T) {
	p, _ := loggingPeers()
	q := startPeer(t, "r", func(*fasthttp.RequestCtx) {})
	other := q.member
	other.Run = "r2"
	if !p.Answers(&q.member, patience) {
		t.Error("Answers(live node) = false, want true")
	}
	if p.Answers(&other, patience) {
		t.Error("Answers(another run of the node) = true, want false")
	}
	q.stop(t)
	if p.Answers(&q.member, patience) {
		t.Error("Answers(stopped node) = true, want false")
	}
}

// TestOthersServe: OthersServe is true for a node that lost the log, if another node serves and answers, and has
// had time to notice that it lost the log too.
func TestOthersServe(t *testing.T) {
	p, _ := loggingPeers()
	other := Member{Name: "b", Run: "r", HTTP: "127.0.0.1:1", Hop: Protocol, State: Serving}
	p.SetMembers([]Member{other})
	wantServe := func(when string, want bool) {
		t.Helper()
		if got := p.OthersServe(); got != want {
			t.Errorf("%s: OthersServe = %t, want %t", when, got, want)
		}
	}
	wantServe("this node serves", false)
	p.SetState(Cut)
	wantServe("this node was just cut from the log", false)
	p.stateSet.set(-takeOverTime)
	wantServe("another node serves", true)
	p.peer("r").suspectUntil.set(time.Hour)
	wantServe("the other node is suspected", false)
	p.peer("r").suspectUntil.clear()
	other.State = Cut
	p.SetMembers([]Member{other})
	wantServe("the other node is cut from the log too", false)
}
