package sockets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/actors/product"

	"github.com/fasthttp/websocket"
)

func TestSnapshotAndDeltas(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1 })
	w.product("p", 10)
	w.reserve("p")
	p := w.dial("/ws")
	p.Send(subscribeP)
	d := p.Expect("snapshot")
	if d.Topic != "product:p" || d.Epoch != w.store.Epoch() || d.Position != 2 || d.Remaining != 9 || d.Sold != 1 ||
		d.Stock != 10 ||
		d.ID != "p" ||
		d.Name != "the p" {
		t.Errorf("snapshot = %+v, want 9 of 10 remaining at position 2", d)
	}
	last := d.Position
	for i := range 5 {
		w.reserve("p")
		d := p.Expect("delta")
		if d.Previous != last || d.Position != last+1 || d.Remaining != int64(8-i) || d.Sold != int64(2+i) ||
			d.Change != -1 ||
			d.Cause != "reserved" {
			t.Errorf("delta after position %d = %+v, want one reservation", last, d)
		}
		last = d.Position
	}
	w.ask("p", &product.Edit{Name: new("new"), Stock: new(int64(20))})
	if d := p.Expect("delta"); d.Cause != "edited" || d.Change != 10 || d.Name != "new" || d.Stock != 20 {
		t.Errorf("delta = %+v, want an edit to 20 in stock", d)
	}
}

func TestUnsubscribe(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	w.product("q", 10)
	p := w.dial("/ws")
	p.Send(`{"event":"subscribe","data":{"topics":["product:p","product:q"]}}`)
	p.Expect("snapshot")
	p.Expect("snapshot")
	p.Send(`{"event":"unsubscribe","data":{"topics":["product:p","product:none"]}}`)
	if f, _ := p.Next(); f.Event != "unsubscribed" || string(f.Data) != `{"topics":["product:p","product:none"]}` {
		t.Errorf("received %s %s, want unsubscribed with both topics", f.Event, f.Data)
	}
	w.reserve("p")
	w.reserve("q")
	if d := p.Expect("delta"); d.Topic != "product:q" {
		t.Errorf("the next delta = %+v, want one of product:q", d)
	}
	p.Send(subscribeP)
	if d := p.Expect("snapshot"); d.Topic != "product:p" || d.Remaining != 9 {
		t.Errorf("snapshot = %+v, want 9 remaining of product:p", d)
	}
	p.Send(subscribeP) // again: a snapshot, and each change once
	p.Expect("snapshot")
	w.reserve("p")
	if d := p.Expect("delta"); d.Remaining != 8 {
		t.Errorf("delta = %+v, want 8 remaining", d)
	}
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
}

func TestBadMessages(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	p := w.dial("/ws")
	for message, code := range map[string]string{
		"":                             "malformed_json",
		"garbage":                      "malformed_json",
		`{"event":"ping"`:              "malformed_json",
		`{"event":"ping"}{}`:           "malformed_json",
		"{\"event\":\"\xff\"}":         "malformed_json",
		`{"event":"ping","event":"x"}`: "malformed_json",
		`{"event":"ping","data":` + strings.Repeat("[", 4000):                               "malformed_json",
		`{"event":"ping","data":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}": "malformed_json",
		`[]`:                              "invalid_field",
		`null`:                            "invalid_field",
		`{}`:                              "invalid_field",
		`{"event":7}`:                     "invalid_field",
		`{"event":"Subscribe"}`:           "invalid_field",
		`{"event":"shutdown"}`:            "invalid_field",
		`{"Event":"ping"}`:                "unknown_field",
		`{"event":"subscribe"}`:           "invalid_field",
		`{"event":"subscribe","data":{}}`: "invalid_field",
		`{"event":"subscribe","data":[]}`: "invalid_field",
		`{"event":"subscribe","data":{"topics":[]}}`:                                            "invalid_field",
		`{"event":"subscribe","data":{"topics":"product:p"}}`:                                   "invalid_field",
		`{"event":"subscribe","data":{"topics":[null]}}`:                                        "invalid_field",
		`{"event":"subscribe","data":{"topics":[1]}}`:                                           "invalid_field",
		`{"event":"subscribe","data":{"topic":["product:p"]}}`:                                  "unknown_field",
		`{"event":"subscribe","data":{"topics":["p"]}}`:                                         "bad_parameter",
		`{"event":"subscribe","data":{"topics":["PRODUCT:p"]}}`:                                 "bad_parameter",
		`{"event":"subscribe","data":{"topics":["product:"]}}`:                                  "not_found",
		`{"event":"subscribe","data":{"topics":["product:none"]}}`:                              "not_found",
		`{"event":"subscribe","data":{"topics":["product:a/../b\u0000"]}}`:                      "not_found",
		`{"event":"subscribe","data":{"topics":["product:` + strings.Repeat("a", 3900) + `"]}}`: "not_found",
		`{"event":"unsubscribe"}`:                                                               "invalid_field",
		`{"event":"unsubscribe","data":{"all":true}}`:                                           "unknown_field",
		`{"event":"init_products"}`:                                                             "invalid_field",
		`{"event":"init_products","data":{}}`:                                                   "invalid_field",
		`{"event":"init_products","data":[1.5]}`:                                                "invalid_field",
		`{"event":"init_products","data":["a b"]}`:                                              "invalid_field",
		`{"event":"init_products","data":[[1]]}`:                                                "invalid_field",
		`{"event":"init_products","data":[true]}`:                                               "invalid_field",
	} {
		p.Send(message)
		if d := p.Expect("error"); d.Code != code || d.Detail == "" {
			t.Errorf("%s: received the error %q (%s), want %q", message, d.Code, d.Detail, code)
		}
	}
	w.must(p.Conn.WriteMessage(websocket.BinaryMessage, []byte(subscribeP)))
	p.ExpectError("malformed_json")
	p.Send(subscribeP)
	p.Expect("snapshot") // the connection survives all errors
}

func TestThousandTopics(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	for i := range maxTopics {
		w.product(fmt.Sprint(i), 10)
	}
	p := w.dial("/ws")
	for from := 0; from < maxTopics; from += 100 {
		var topics []string
		for i := range 100 {
			topics = append(topics, fmt.Sprintf("product:%d", from+i))
		}
		list, err := json.Marshal(topics)
		w.must(err)
		p.Send(`{"event":"subscribe","data":{"topics":` + string(list) + `}}`)
		for range topics {
			p.Expect("snapshot")
		}
	}
	p.Send(subscribeP)
	if d := p.ExpectError("overloaded"); d.Topic != "product:p" {
		t.Errorf("the error's topic is %s, want product:p", d.Topic)
	}
	p.Send(`{"event":"subscribe","data":{"topics":["product:7"]}}`) // an existing one
	p.Expect("snapshot")
	p.Send(`{"event":"unsubscribe","data":{"topics":["product:0"]}}`)
	p.Expect("unsubscribed")
	p.Send(subscribeP)
	p.Expect("snapshot")
	// A thousand errors in reply to one message do not close the socket.
	p.Send(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`)
	p.Expect("unsubscribed")
	p.Send(`{"event":"subscribe","data":{"topics":["x"` + strings.Repeat(`,"x"`, 999) + `]}}`)
	for range 1000 {
		p.ExpectError("bad_parameter")
	}
}

func TestControlFrames(t *testing.T) {
	w := newHarness(t)
	p := w.dial("/ws")
	pongs := make(chan string, 1)
	p.Conn.SetPongHandler(func(payload string) error { pongs <- payload; return nil })
	w.must(p.Conn.WriteControl(websocket.PingMessage, []byte("are you there?"), time.Now().Add(time.Second)))
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
	select {
	case payload := <-pongs:
		if payload != "are you there?" {
			t.Errorf("the pong's payload is %q, want the ping's", payload)
		}
	default:
		// The text frame may not overtake the pong: a writer sends pongs first.
		t.Error("no pong frame arrived before the text frame, want one")
	}
	w.must(
		p.Conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "done"), time.Now().Add(time.Second)),
	)
	p.ExpectClose(1000)
}

// TestPingTimeout: a client that answers pings stays, even without messages; one that does not is
// closed.
func TestPingTimeout(t *testing.T) {
	t.Parallel() // it mostly waits, long enough for a busy machine not to look like a dead client
	w := newHarness(t, func(w *harness) { w.config.PingEvery = 2 * time.Second })
	good, dead := w.dial("/ws"), w.dial("/ws")
	pings := 0
	answer := good.Conn.PingHandler()
	good.Conn.SetPingHandler(func(payload string) error {
		if pings++; pings == 4 { // longer than the maximum silence
			good.Send(`{"event":"ping"}`)
		}
		return answer(payload)
	})
	good.Expect("pong")
	dead.Conn.SetPingHandler(func(string) error { return nil })
	if _, _, err := dead.Read(); err == nil {
		t.Error("the client that answers no pings is still connected")
	}
}

func TestFrameTooLarge(t *testing.T) {
	w := newHarness(t)
	for _, size := range []int{maxMessage + 1, 1 << 20} {
		p := w.dial("/ws")
		p.Send(`{"event":"ping"}` + strings.Repeat(" ", maxMessage-16))
		p.Expect("pong")
		// The close frame may arrive during the write.
		go p.Conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte(" "), size))
		p.ExpectClose(websocket.CloseMessageTooBig)
	}
	p := w.dial("/ws") // in fragments
	out, err := p.Conn.NextWriter(websocket.TextMessage)
	w.must(err)
	for range 5 {
		out.Write(bytes.Repeat([]byte(" "), 1000))
	}
	out.Close()
	p.ExpectClose(websocket.CloseMessageTooBig)
}

// TestGarbageFrames: bytes that are not frames close their connection, and no other.
func TestGarbageFrames(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	good := w.dial("/ws")
	good.Send(subscribeP)
	good.Expect("snapshot")
	for _, garbage := range []string{"\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "\x81\x05hello",
		"\x83\x80\x00\x00\x00\x00", "\x89\xfe\xff\xff\x00\x00\x00\x00", "\x80\x80\x00\x00\x00\x00"} {
		p := w.dial("/ws")
		_, err := p.Conn.NetConn().Write([]byte(garbage))
		w.must(err)
		if _, _, err := p.Read(); !websocket.IsCloseError(err, websocket.CloseProtocolError) {
			t.Errorf("%q: %v, want close code 1002", garbage, err)
		}
	}
	w.reserve("p")
	good.Expect("delta")
}

func TestShortDialect(t *testing.T) {
	for _, path := range []string{"/ws", "/ws/reservations"} {
		t.Run(path, func(t *testing.T) { testShortDialect(t, path) })
	}
}

func testShortDialect(t *testing.T, path string) {
	w := newHarness(t)
	for _, id := range []string{"1", "2", "03", "tee"} {
		w.product(id, 3)
	}
	p := w.dial(path)
	wantMessage := func(event, want string) {
		t.Helper()
		if f, _ := p.Next(); f.Event != event || string(f.Data) != want {
			t.Errorf("received %s %s, want %s %s", f.Event, f.Data, event, want)
		}
	}
	p.Send(`{"event":"init_products","data":[1,2]}`)
	wantMessage("Product list initialized", `["product_1","product_2"]`)
	w.reserve("1")
	wantMessage("reservation_created", `{"id":1,"name":"the 1","count":2,"stock":3,"price":7,"position":5}`)
	p.Send(`{"event":"init_products","data":["03",2,"tee"]}`) // replaces the set
	wantMessage("Product list initialized", `["product_03","product_2","product_tee"]`)
	w.reserve("1")
	w.reserve("03")
	wantMessage("reservation_created", `{"id":"03","name":"the 03","count":2,"stock":3,"price":7,"position":7}`)
	reservation := w.hold("2")
	wantMessage("reservation_created", `{"id":2,"name":"the 2","count":2,"stock":3,"price":7,"position":8}`)
	w.ask("2", &product.Confirm{ReservationID: reservation, By: "ada"}) // no change of the count
	w.ask("2", &product.Release{ReservationID: reservation, By: "ada"})
	wantMessage("reservation_created", `{"id":2,"name":"the 2","count":3,"stock":3,"price":7,"position":10}`)
	p.Send(`{"event":"init_products","data":[9]}`)
	wantMessage("Product list initialized", `["product_9"]`)
	if d := p.ExpectError("not_found"); d.Topic != "product:9" {
		t.Errorf("the error's topic is %s, want product:9", d.Topic)
	}
	// Both dialects at once, on one topic.
	p.Send(`{"event":"subscribe","data":{"topics":["product:2"]}}`)
	p.Expect("snapshot")
	p.Send(`{"event":"init_products","data":[2]}`)
	wantMessage("Product list initialized", `["product_2"]`)
	w.reserve("2")
	both := map[string]bool{}
	for range 2 {
		f, _ := p.Next()
		both[f.Event] = true
	}
	if !both["delta"] || !both["reservation_created"] {
		t.Errorf("received the events %v, want delta and reservation_created", both)
	}
	p.Send(`{"event":"unsubscribe","data":{"topics":["product:2"]}}`)
	p.Expect("unsubscribed")
	w.reserve("2")
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
}

// TestPipelinedFrame: a frame in the same packet as the handshake is not lost.
func TestPipelinedFrame(t *testing.T) {
	w := newHarness(t)
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testTimeout))
	request := "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: " +
		"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	fmt.Fprint(conn, request+"\x81\x90\x00\x00\x00\x00"+`{"event":"ping"}`)
	var received []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(received, []byte(`"pong"`)) {
		n, err := conn.Read(buf)
		if received = append(received, buf[:n]...); err != nil {
			t.Fatalf("reading after %q: %v, want a pong", received, err)
		}
	}
	if !bytes.HasPrefix(received, []byte("HTTP/1.1 101 "+http.StatusText(http.StatusSwitchingProtocols))) {
		t.Errorf("received %q, want status 101", received)
	}
}
