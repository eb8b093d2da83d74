package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"admitone/events/esdbwire"
)

// silence withholds the messages of a store's streaming calls, in one direction.
type silence struct {
	answers bool // withhold answers instead of requests

	mu     sync.Mutex
	left   int           // messages before the silence begins, -1 for no silence; guarded by mu
	resume chan struct{} // closed when the silence ends; nil before after is called; guarded by mu
}

// after begins the silence after a number of messages.
func (s *silence) after(messages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.resume = messages, make(chan struct{})
}

func (s *silence) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = -1
	close(s.resume)
}

func (s *silence) pass() {
	s.mu.Lock()
	resume := s.resume
	if s.left > 0 {
		s.left--
	}
	waits := s.left == 0
	s.mu.Unlock()
	if waits {
		<-resume
	}
}

func (s *silence) intercept(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
	return h(server, &silentCall{call, s})
}

type silentCall struct {
	grpc.ServerStream
	silence *silence
}

func (c *silentCall) SendMsg(m any) error {
	if c.silence.answers {
		c.silence.pass()
	}
	return c.ServerStream.SendMsg(m)
}

func (c *silentCall) RecvMsg(m any) error {
	err := c.ServerStream.RecvMsg(m)
	if !c.silence.answers {
		c.silence.pass()
	}
	return err
}

// TestBatchOnSilentLog sends a batch of 640 commands to a server whose store stops receiving, or receives
// but stops answering. The batch is answered in time. Sent again when the store answers, the same batch
// executes each command once and repeats the acknowledged results.
func TestBatchOnSilentLog(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*silence{"no requests": {}, "no answers": {answers: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.left = -1
			sendBatchWhileFrozen(t, s)
		})
	}
}

func sendBatchWhileFrozen(t *testing.T, s *silence) {
	address := wireStore(t, esdbwire.Config{Options: []grpc.ServerOption{grpc.ChainStreamInterceptor(s.intercept)}})
	node := launch(t, address, "--data", t.TempDir())
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for _, made := range []string{"/v1/products|" + `{"id":"hot","name":"Hot","stock":1000}`,
		"/v1/performances|" + `{"id":"h","title":"t","venue":"v","starts_at":"2031-05-01T20:00:00Z","sections":[{"id":"A",
			"rows":20,"seats_per_row":20,"price":100}]}`} {
		at, body, _ := strings.Cut(made, "|")
		if status, _, err := post(client, node.url+at, body, ""); err != nil || status != http.StatusCreated {
			t.Fatalf("POST %s: status %d, %v; want 201", at, status, err)
		}
	}
	const reservations, bookings, missing = 300, 200, 70
	var commands []string
	add := func(count int, path, body string) {
		for n := range count {
			body := strings.NewReplacer("{n}", fmt.Sprint(n), "{seat}", fmt.Sprintf("A-%d-%d", n%20+1, n/20+1)).Replace(body)
			commands = append(commands, fmt.Sprintf(`{"method":"POST","path":"%s","idempotency_key":"key-%d","body":%s}`, path,
				len(commands), body))
		}
	}
	add(reservations, "/v1/products/hot/reservations", `{"holder":"h{n}"}`)
	add(bookings, "/v1/performances/h/bookings", `{"holder":"h{n}","seats":["{seat}"]}`)
	add(missing, "/v1/products/missing/reservations", `{"holder":"h{n}"}`)
	add(missing, "/v1/tournaments/missing/entries", `{"team_id":"t{n}"}`)
	s.after(100)
	first, took := sendBatch(t, client, node.url, commands)
	s.end()
	if took > maxAnswer {
		t.Errorf("the batch was answered after %v, want at most %v", took, maxAnswer)
	}
	acknowledged := 0
	for i, a := range first {
		switch a.Status {
		case http.StatusCreated:
			acknowledged++
		case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusNotFound:
		default:
			t.Errorf("%s: %d %s; want status 201, 404, 429 or 503", commands[i], a.Status, a.Body)
		}
	}
	t.Logf("%d of %d commands were acknowledged, after %v", acknowledged, len(commands), took)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		again, _ := sendBatch(t, client, node.url, commands)
		if unanswered := compareBatches(t, commands, first, again, reservations+bookings); unanswered == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d commands are still answered with 429 or 503 after %v", unanswered, patience)
		}
	}
	node.kill()
	v := runVerify(t, exitDone, "--store", address)
	if v.Violation != nil {
		t.Errorf("verify: %+v; want no violation", v)
	}
	if stdout, _ := must(t, exitDone, "show", "product/hot", "--json", "--store", address); !strings.Contains(stdout,
		fmt.Sprintf(`"sold":%d,`, reservations)) {
		t.Errorf("stdout %q; want %q", stdout, fmt.Sprintf(`"sold":%d,`, reservations))
	}
}

func sendBatch(t *testing.T, client *http.Client, url string, commands []string) (answers []batchAnswer,
	took time.Duration) {
	t.Helper()
	began := time.Now()
	response, err := client.Post(url+"/v1/batch", "application/json",
		strings.NewReader(`{"commands":[`+strings.Join(commands, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	took = time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	if answers = batchAnswers(t, string(text)); len(answers) != len(commands) {
		t.Fatalf("%d answers, want %d: %s", len(answers), len(commands), text[:min(len(text), 500)])
	}
	return answers, took
}

// compareBatches checks that the second answers repeat the acknowledged results of the first, and that the
// first succeed commands succeed and the others are refused. It returns the number of commands that were
// answered with 429 or 503.
func compareBatches(t *testing.T, commands []string, first, second []batchAnswer, succeed int) (unanswered int) {
	t.Helper()
	for i, a := range second {
		want := http.StatusNotFound
		if i < succeed {
			want = http.StatusCreated
		}
		switch {
		case a.Status == http.StatusServiceUnavailable || a.Status == http.StatusTooManyRequests:
			unanswered++
		case a.Status != want:
			t.Fatalf("%s: %d %s, want status %d", commands[i], a.Status, a.Body, want)
		case first[i].Status == http.StatusCreated && idIn(t, a.Body) != idIn(t, first[i].Body):
			t.Errorf("%s: %s, want the id of the first answer, %s", commands[i], a.Body, first[i].Body)
		}
	}
	return unanswered
}

func idIn(t *testing.T, body json.RawMessage) string {
	t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		t.Fatalf("%s: %v; want an object with an id", body, err)
	}
	return made.ID
}
