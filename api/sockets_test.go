package api

import "testing"

func TestOrigin(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.AllowOrigins = []string{"https://shop.example"} })
	handshake := []string{
		"Connection",
		"Upgrade",
		"Upgrade",
		"websocket",
		"Sec-WebSocket-Version",
		"13",
		"Sec-WebSocket-Key",
		"dGhlIHNhbXBsZSBub25jZQ==",
	}
	for origin, allowed := range map[string]bool{
		"http://" + w.address: true, "https://shop.example": true,
		"https://evil.example": false, "http://shop.example": false, "https://shop.example.evil.example": false,
		"https://shop.example:444": false,
		"null":                     false, "http://" + w.address +
			".evil.example": false, "http://127.0.0.1": false, "%zz": false, "file://": false,
	} {
		if allowed {
			p := w.dial("/ws", "Origin", origin)
			p.Send(`{"event":"ping"}`)
			p.Expect("pong")
			continue
		}
		w.do("GET", "/ws", "", append(handshake, "Origin", origin)...).problem(403, "forbidden")
		w.do("GET", "/ws/reservations", "", append(handshake, "Origin", origin)...).problem(403, "forbidden")
	}
	any := newHarness(t, func(w *harness) { w.config.AllowOrigins = []string{"*"} })
	any.dial("/ws", "Origin", "https://anything.example")
}

func TestSocketLimitAndTokens(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.MaxSockets = 2; w.config.Auth = secret })
	first, second := w.dial("/ws"), w.dial("/ws")
	first.Send(`{"event":"ping"}`)
	first.Expect("pong")
	second.Send(`{"event":"ping"}`)
	second.Expect("pong")
	handshake := []string{
		"Connection",
		"Upgrade",
		"Upgrade",
		"websocket",
		"Sec-WebSocket-Version",
		"13",
		"Sec-WebSocket-Key",
		"dGhlIHNhbXBsZSBub25jZQ==",
	}
	w.do("GET", "/ws", "", handshake...).problem(429, "overloaded")
	for what, token := range badTokens(t) {
		if a := w.do("GET", "/ws", "", append(handshake, "Authorization", token)...); a.status != 401 {
			t.Errorf("with a token that is %s: got status %d, want 401", what, a.status)
		}
	}
}
