package sockets

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/fasthttp/websocket"
	contrib "github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
)

// IsUpgrade reports whether a request asks for a WebSocket.
func IsUpgrade(c *fiber.Ctx) bool { return contrib.IsWebSocketUpgrade(c) }

// upgrade responds to a handshake and hands the connection to serve, which runs on a goroutine
// of its own. It returns false if the request is no handshake of version 13.
//
// The library's socket keeps the HTTP server's read buffer and the request as long as its handler
// runs: together more than everything else that an idle socket needs. So the handler takes the
// connection over and returns at once.
func upgrade(c *fiber.Ctx, buffers websocket.BufferPool, serve func(*websocket.Conn)) bool {
	respond := contrib.New(func(handshaken *contrib.Conn) {
		hijacked := handshaken.NetConn()
		conn, err := newConn(hijacked, buffers)
		if err != nil { // it has ended already
			hijacked.Close()
			return
		}
		go serve(conn)
	}, contrib.Config{ReadBufferSize: 16, WriteBufferPool: buffers})
	return respond(c) == nil
}

// newConn returns the server's end of a WebSocket, after the handshake. An error means that the
// connection is closed.
func newConn(hijacked net.Conn, buffers websocket.BufferPool) (*websocket.Conn, error) {
	u := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 2048, WriteBufferPool: buffers,
		CheckOrigin: func(*http.Request) bool { return true }}
	return u.Upgrade(&handover{conn: takeOver(hijacked)}, handshake, nil)
}

// handshake is a request that the library makes a WebSocket of.
var handshake = &http.Request{Method: http.MethodGet, Header: http.Header{
	"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
	"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}}

// upgradedConn is the connection beneath a WebSocket.
type upgradedConn struct {
	net.Conn
	unread    []byte // what the client sent in one packet with its handshake
	responded bool   // the library has written its response
}

// takeOver takes a connection from the HTTP server, with what that has read already.
func takeOver(hijacked net.Conn) *upgradedConn {
	c := &upgradedConn{Conn: hijacked}
	if h, ok := hijacked.(interface{ UnsafeConn() net.Conn }); ok {
		c.Conn = h.UnsafeConn()
	}
	hijacked.SetReadDeadline(time.Unix(1, 0)) // what is buffered can be read, and nothing else
	buffer := make([]byte, maxMessage)
	for {
		n, err := hijacked.Read(buffer)
		c.unread = append(c.unread, buffer[:n]...)
		if err != nil {
			return c
		}
	}
}

// UnsafeConn returns the connection beneath.
func (c *upgradedConn) UnsafeConn() net.Conn { return c.Conn }

func (c *upgradedConn) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil
	}
	return n, nil
}

// Write drops the first write, the library's response to the handshake: the HTTP server has
// written one.
func (c *upgradedConn) Write(p []byte) (int, error) {
	if !c.responded {
		c.responded = true
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// handover is an [http.ResponseWriter] that has nothing but its connection.
type handover struct {
	http.ResponseWriter
	conn *upgradedConn
}

// Hijack implements [http.Hijacker].
func (h *handover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(h.conn, 16)), nil
}
