package sockettest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/api/codes"
)

// readTimeout bounds the wait for a frame. It is generous, because a busy machine is slow.
const readTimeout = time.Minute

// SubscribeP subscribes to the product p.
const SubscribeP = `{"event":"subscribe","data":{"topics":["product:p"]}}`

// Peer is the client's end of a socket. Its methods except Read fail the test on an error.
type Peer struct {
	T    testing.TB
	Conn *websocket.Conn
	sent string // the last text of Send
}

// Frame is a message of the server.
type Frame struct {
	Event string
	Data  json.RawMessage
}

// Data has the members of a product topic's frame and of an error.
type Data struct {
	Topic, Epoch, Cause, Code, Detail string
	ID, Name                          any
	Position, Previous                int64
	Remaining, Held, Sold, Stock      int64
	Change, Count                     int64
}

// Dial opens a socket at a path of the server at address; headers are names and values in
// turn. It is closed at the end of the test.
func Dial(t testing.TB, address, path string, headers ...string) *Peer {
	t.Helper()
	return dial(t, websocket.DefaultDialer, address, path, headers)
}

// DialStalled opens a socket that has a small receive buffer, subscribes to the product p
// and reads nothing.
func DialStalled(t testing.TB, address string) *Peer {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	p := dial(t, &dialer, address, "/ws", nil)
	p.Send(SubscribeP)
	return p
}

func dial(t testing.TB, dialer *websocket.Dialer, address, path string, headers []string) *Peer {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	conn, response, err := dialer.Dial("ws://"+address+path, h)
	if err != nil {
		t.Fatalf("dial %s: %v (%v)", path, err, response)
	}
	t.Cleanup(func() { conn.Close() })
	return &Peer{T: t, Conn: conn}
}

// Send sends a text message.
func (p *Peer) Send(text string) {
	p.T.Helper()
	p.sent = text
	if err := p.Conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.T.Fatal(err)
	}
}

// Read returns the next frame, and its data if that is an object. A frame that asyncapi.yaml does
// not describe fails the test.
func (p *Peer) Read() (f Frame, d Data, err error) {
	p.Conn.SetReadDeadline(time.Now().Add(readTimeout))
	_, text, err := p.Conn.ReadMessage()
	if err != nil {
		return f, d, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, d, fmt.Errorf("%w: %s", err, text)
	}
	if _, err := Describe(text); err != nil {
		p.T.Error(err)
	}
	if len(f.Data) > 0 && f.Data[0] == '{' {
		err = json.Unmarshal(f.Data, &d)
	}
	return f, d, err
}

// Next is Read, but fails the test on an error.
func (p *Peer) Next() (Frame, Data) {
	p.T.Helper()
	f, d, err := p.Read()
	if err != nil {
		p.T.Fatalf("Read = %v, want a frame", err)
	}
	return f, d
}

// Expect checks the event of the next frame. It repeats the last message while the server answers
// projection_behind: on a busy machine the views may lag for longer than a server waits.
func (p *Peer) Expect(event string) Data {
	p.T.Helper()
	f, d := p.Next()
	for f.Event == "error" && d.Code == string(codes.ProjectionBehind) && event != "error" {
		time.Sleep(50 * time.Millisecond)
		p.Send(p.sent)
		f, d = p.Next()
	}
	if f.Event != event {
		p.T.Fatalf("received %s %s, want %s", f.Event, f.Data, event)
	}
	return d
}

// ExpectError checks that the next frame is an error with that code.
func (p *Peer) ExpectError(code string) Data {
	p.T.Helper()
	d := p.Expect("error")
	if d.Code != code || d.Detail == "" {
		p.T.Fatalf("received the error %q (%s), want %q", d.Code, d.Detail, code)
	}
	return d
}

// ExpectClose reads to the end of the connection, checks the close code and returns the number of
// earlier frames.
func (p *Peer) ExpectClose(code int) (frames int) {
	p.T.Helper()
	for {
		_, _, err := p.Read()
		if err == nil {
			frames++
			continue
		}
		if !websocket.IsCloseError(err, code) {
			p.T.Fatalf("the connection ended with %v after %d frames, want close code %d", err, frames, code)
		}
		return frames
	}
}
