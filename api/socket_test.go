package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

const subscribeP = `{"event":"subscribe","data":{"topics":["product:p"]}}`

func TestSnapshotAndDeltas(t *testing.T) {
	w := newWorld(t, func(w *world) { w.frames = -1 })
	w.product("p", 10, "")
	w.reserve("p", "ada", "").is(201)
	p := w.dial("/ws")
	p.say(subscribeP)
	d := p.hears("snapshot")
	if d.Topic != "product:p" || d.Epoch != w.store.Epoch() || d.Position != 2 || d.Remaining != 9 || d.Sold != 1 || d.Stock != 10 || d.ID != "p" || d.Name != "the p" {
		t.Errorf("%+v", d)
	}
	last := d.Position
	for i := range 5 {
		w.reserve("p", "ada", "").is(201)
		d := p.hears("delta")
		if d.Previous != last || d.Position != last+1 || d.Remaining != int64(8-i) || d.Sold != int64(2+i) || d.Change != -1 || d.Cause != "reserved" {
			t.Errorf("%+v after %d", d, last)
		}
		last = d.Position
	}
	w.do("PATCH", "/v1/products/p", `{"name":"new","stock":20}`, "If-Match", `"6"`).is(200)
	if d := p.hears("delta"); d.Cause != "edited" || d.Change != 10 || d.Name != "new" || d.Stock != 20 {
		t.Errorf("%+v", d)
	}
}

func TestUnsubscribe(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	w.product("q", 10, "")
	p := w.dial("/ws")
	p.say(`{"event":"subscribe","data":{"topics":["product:p","product:q"]}}`)
	p.hears("snapshot")
	p.hears("snapshot")
	p.say(`{"event":"unsubscribe","data":{"topics":["product:p","product:none"]}}`)
	if f, _ := p.hear(); f.Event != "unsubscribed" || string(f.Data) != `{"topics":["product:p","product:none"]}` {
		t.Errorf("%s %s", f.Event, f.Data)
	}
	w.reserve("p", "ada", "").is(201)
	w.reserve("q", "ada", "").is(201)
	if d := p.hears("delta"); d.Topic != "product:q" {
		t.Errorf("a frame of what was left: %+v", d)
	}
	p.say(subscribeP)
	if d := p.hears("snapshot"); d.Topic != "product:p" || d.Remaining != 9 {
		t.Errorf("%+v", d)
	}
	p.say(subscribeP) // anew: a snapshot again, and each change once
	p.hears("snapshot")
	w.reserve("p", "ada", "").is(201)
	if d := p.hears("delta"); d.Remaining != 8 {
		t.Errorf("%+v", d)
	}
	p.say(`{"event":"ping"}`)
	p.hears("pong")
}

func TestBadMessages(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	p := w.dial("/ws")
	for message, code := range map[string]string{
		"":                             "malformed_json",
		"garbage":                      "malformed_json",
		`{"event":"ping"`:              "malformed_json",
		`{"event":"ping"}{}`:           "malformed_json",
		"{\"event\":\"\xff\"}":         "malformed_json",
		`{"event":"ping","event":"x"}`: "malformed_json",
		`{"event":"ping","data":` + strings.Repeat("[", 4000): "malformed_json",
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
		p.say(message)
		if d := p.hears("error"); d.Code != code || d.Detail == "" {
			t.Errorf("%s: the error %q (%s), want %q", excerpt(message), d.Code, d.Detail, code)
		}
	}
	p.must(p.conn.WriteMessage(websocket.BinaryMessage, []byte(subscribeP)))
	p.complains("malformed_json")
	p.say(subscribeP)
	p.hears("snapshot") // after all that it still works
}

func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestThousandTopics(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	for i := range maxTopics {
		w.product(fmt.Sprint(i), 10, "")
	}
	p := w.dial("/ws")
	for from := 0; from < maxTopics; from += 100 {
		var topics []string
		for i := range 100 {
			topics = append(topics, fmt.Sprintf("product:%d", from+i))
		}
		list, err := json.Marshal(topics)
		p.must(err)
		p.say(`{"event":"subscribe","data":{"topics":` + string(list) + `}}`)
		for range topics {
			p.hears("snapshot")
		}
	}
	p.say(subscribeP)
	if d := p.complains("overloaded"); d.Topic != "product:p" {
		t.Errorf("%+v", d)
	}
	p.say(`{"event":"subscribe","data":{"topics":["product:7"]}}`) // one that it has
	p.hears("snapshot")
	p.say(`{"event":"unsubscribe","data":{"topics":["product:0"]}}`)
	p.hears("unsubscribed")
	p.say(subscribeP)
	p.hears("snapshot")
	// A thousand complaints to one message are no reason to close.
	p.say(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`)
	p.hears("unsubscribed")
	p.say(`{"event":"subscribe","data":{"topics":["x"` + strings.Repeat(`,"x"`, 999) + `]}}`)
	for range 1000 {
		p.complains("bad_parameter")
	}
}

func TestControlFrames(t *testing.T) {
	w := newWorld(t)
	p := w.dial("/ws")
	pongs := make(chan string, 1)
	p.conn.SetPongHandler(func(said string) error { pongs <- said; return nil })
	p.must(p.conn.WriteControl(websocket.PingMessage, []byte("are you there?"), time.Now().Add(time.Second)))
	p.say(`{"event":"ping"}`)
	p.hears("pong")
	select {
	case said := <-pongs:
		if said != "are you there?" {
			t.Errorf("the pong says %q", said)
		}
	default:
		// The text frame may not overtake the pong: a writer sends pongs first.
		t.Error("no pong came before the answer")
	}
	p.must(p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "done"), time.Now().Add(time.Second)))
	p.ends(1000)
}

// A client that answers pings stays, however silent it is; one that does not goes.
func TestSilence(t *testing.T) {
	t.Parallel() // it is all waiting; so much of it that a busy machine is not taken for a dead client
	w := newWorld(t, func(w *world) { w.config.PingEvery = 2 * time.Second })
	good, dead := w.dial("/ws"), w.dial("/ws")
	pings := 0
	answer := good.conn.PingHandler()
	good.conn.SetPingHandler(func(said string) error {
		if pings++; pings == 4 { // longer than silence may last
			good.say(`{"event":"ping"}`)
		}
		return answer(said)
	})
	good.hears("pong")
	dead.conn.SetPingHandler(func(string) error { return nil })
	if _, _, err := dead.listen(); err == nil {
		t.Error("a dead client was sent something")
	}
}

func TestFrameTooLarge(t *testing.T) {
	w := newWorld(t)
	for _, size := range []int{maxMessage + 1, 1 << 20} {
		p := w.dial("/ws")
		p.say(`{"event":"ping"}` + strings.Repeat(" ", maxMessage-16))
		p.hears("pong")
		// The end may come while it is still being written.
		go p.conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte(" "), size))
		p.ends(websocket.CloseMessageTooBig)
	}
	p := w.dial("/ws") // in pieces
	out, err := p.conn.NextWriter(websocket.TextMessage)
	p.must(err)
	for range 5 {
		out.Write(bytes.Repeat([]byte(" "), 1000))
	}
	out.Close()
	p.ends(websocket.CloseMessageTooBig)
}

// Bytes that are no frames end the connection they come on, and nothing else.
func TestGarbageFrames(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	good := w.dial("/ws")
	good.say(subscribeP)
	good.hears("snapshot")
	for _, garbage := range []string{"\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "\x81\x05hello", "\x83\x80\x00\x00\x00\x00", "\x89\xfe\xff\xff\x00\x00\x00\x00", "\x80\x80\x00\x00\x00\x00"} {
		p := w.dial("/ws")
		_, err := p.conn.NetConn().Write([]byte(garbage))
		p.must(err)
		if _, _, err := p.listen(); !websocket.IsCloseError(err, websocket.CloseProtocolError) {
			t.Errorf("%q: %v, want close code 1002", garbage, err)
		}
	}
	w.reserve("p", "ada", "").is(201)
	good.hears("delta")
}

func TestOrigin(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.AllowOrigins = []string{"https://shop.example"} })
	handshake := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for origin, allowed := range map[string]bool{
		"http://" + w.address: true, "https://shop.example": true,
		"https://evil.example": false, "http://shop.example": false, "https://shop.example.evil.example": false, "https://shop.example:444": false,
		"null": false, "http://" + w.address + ".evil.example": false, "http://127.0.0.1": false, "%zz": false, "file://": false,
	} {
		if allowed {
			p := w.dial("/ws", "Origin", origin)
			p.say(`{"event":"ping"}`)
			p.hears("pong")
			continue
		}
		w.do("GET", "/ws", "", append(handshake, "Origin", origin)...).problem(403, "forbidden")
		w.do("GET", "/ws/reservations", "", append(handshake, "Origin", origin)...).problem(403, "forbidden")
	}
	any := newWorld(t, func(w *world) { w.config.AllowOrigins = []string{"*"} })
	any.dial("/ws", "Origin", "https://anything.example")
}

func TestSocketLimitAndTokens(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.MaxSockets = 2; w.config.Auth = secret })
	first, second := w.dial("/ws"), w.dial("/ws")
	first.say(`{"event":"ping"}`)
	first.hears("pong")
	second.say(`{"event":"ping"}`)
	second.hears("pong")
	handshake := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	w.do("GET", "/ws", "", handshake...).problem(429, "overloaded")
	for what, token := range badTokens(t) {
		if a := w.do("GET", "/ws", "", append(handshake, "Authorization", token)...); a.status != 401 {
			t.Errorf("a token that is %s opens a socket: %d", what, a.status)
		}
	}
}

func TestFirstSeed(t *testing.T) {
	for _, path := range []string{"/ws", "/ws/reservations"} {
		t.Run(path, func(t *testing.T) { firstSeed(t, path) })
	}
}

func firstSeed(t *testing.T, path string) {
	w := newWorld(t)
	for _, id := range []string{"1", "2", "03", "tee"} {
		w.product(id, 3, `,"price":7`)
	}
	p := w.dial(path)
	says := func(event, want string) {
		t.Helper()
		if f, _ := p.hear(); f.Event != event || string(f.Data) != want {
			t.Errorf("heard %s %s, want %s %s", f.Event, f.Data, event, want)
		}
	}
	p.say(`{"event":"init_products","data":[1,2]}`)
	says("Product list initialized", `["product_1","product_2"]`)
	w.reserve("1", "ada", "").is(201)
	says("reservation_created", `{"id":1,"name":"the 1","count":2,"stock":3,"price":7,"position":5}`)
	p.say(`{"event":"init_products","data":["03",2,"tee"]}`) // replaces the set
	says("Product list initialized", `["product_03","product_2","product_tee"]`)
	w.reserve("1", "ada", "").is(201)
	w.reserve("03", "ada", "").is(201)
	says("reservation_created", `{"id":"03","name":"the 03","count":2,"stock":3,"price":7,"position":7}`)
	rid := w.reserve("2", "ada", `,"hold":true`).is(201)["id"].(string)
	says("reservation_created", `{"id":2,"name":"the 2","count":2,"stock":3,"price":7,"position":8}`)
	w.do("POST", "/v1/products/2/reservations/"+rid+"/confirm", "").is(200) // no change of the count
	w.do("DELETE", "/v1/products/2/reservations/"+rid, "").is(200)
	says("reservation_created", `{"id":2,"name":"the 2","count":3,"stock":3,"price":7,"position":10}`)
	p.say(`{"event":"init_products","data":[9]}`)
	says("Product list initialized", `["product_9"]`)
	if d := p.complains("not_found"); d.Topic != "product:9" {
		t.Error(d)
	}
	// Both dialects at once, on one topic.
	p.say(`{"event":"subscribe","data":{"topics":["product:2"]}}`)
	p.hears("snapshot")
	p.say(`{"event":"init_products","data":[2]}`)
	says("Product list initialized", `["product_2"]`)
	w.reserve("2", "ada", "").is(201)
	both := map[string]bool{}
	for range 2 {
		f, _ := p.hear()
		both[f.Event] = true
	}
	if !both["delta"] || !both["reservation_created"] {
		t.Error("heard", both)
	}
	p.say(`{"event":"unsubscribe","data":{"topics":["product:2"]}}`)
	p.hears("unsubscribed")
	w.reserve("2", "ada", "").is(201)
	p.say(`{"event":"ping"}`)
	p.hears("pong")
}

// The frame that comes in one packet with the handshake is not lost.
func TestPipelinedFrame(t *testing.T) {
	w := newWorld(t)
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	request := "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	fmt.Fprint(conn, request+"\x81\x90\x00\x00\x00\x00"+`{"event":"ping"}`)
	var heard []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(heard, []byte(`"pong"`)) {
		n, err := conn.Read(buf)
		if heard = append(heard, buf[:n]...); err != nil {
			t.Fatalf("%v after %q", err, heard)
		}
	}
	if !bytes.HasPrefix(heard, []byte("HTTP/1.1 101 "+http.StatusText(http.StatusSwitchingProtocols))) {
		t.Errorf("%q", heard)
	}
}
