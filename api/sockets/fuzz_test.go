package sockets

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/fasthttp/websocket"
)

func FuzzSocketMessage(f *testing.F) {
	for _, seed := range []string{subscribeP, `{"event":"ping"}`,
		`{"event":"unsubscribe","data":{"topics":["product:p"]}}`,
		`{"event":"init_products","data":[1,"p",1e2]}`, `{"event":"subscribe","data":{"topics":["product:p"],` +
			`"since":{"product:p":1},"epoch":"e"}}`,
		`{"event":"subscribe","data":{"topics":["product:p","product:p",":",""]}}`, "null", "[]", "\xff"} {
		f.Add([]byte(seed))
	}
	w := newHarness(f)
	w.product("p", 1)
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newTestSocket(t, w)
		s.handle(bytes.Clone(text))
		s.handle([]byte(subscribeP))
		s.mu.Lock()
		if len(s.watches) > maxTopics || s.watches[watchKey{topic: "product:p"}] == nil || s.finished {
			t.Errorf("after %q: %d watches, finished = %v; want product:p watched, not finished", text, len(s.watches),
				s.finished)
		}
		for key, watch := range s.watches {
			if watch.watchKey != key || watch.removed || watch.sub == nil {
				t.Errorf("after %q the watch of %v is %+v, want an active one", text, key, watch)
			}
		}
		s.mu.Unlock()
		s.end()
		if s.writing || !s.finished || s.watches != nil {
			t.Errorf("after end: writing = %v, finished = %v, watches = %v; want false, true, nil", s.writing, s.finished,
				s.watches)
		}
	})
}

// hijacked provides a connection for an upgrade.
type hijacked struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// newTestSocket returns a socket whose client discards all frames and sends nothing.
func newTestSocket(t testing.TB, w *harness) *socket {
	near, far := net.Pipe()
	go io.Copy(io.Discard, far)
	t.Cleanup(func() { near.Close(); far.Close() })
	r := httptest.NewRequest("GET", "/ws", nil)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(hijacked{httptest.NewRecorder(), near}, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return newSocket(w.hub, conn, "fuzz")
}
