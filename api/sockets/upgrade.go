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

// IsUpgrade reports whether a request is a WebSocket upgrade.
func IsUpgrade(c *fiber.Ctx) bool { return contrib.IsWebSocketUpgrade(c) }

// upgrade responds to a handshake and passes the connection to serve, which runs on a goroutine
// of its own. It returns false if the request is not a handshake of version 13.
//
// While the library's handler runs, it retains the HTTP server's read buffer and the request: more memory
// than an idle socket needs otherwise. So the handler detaches the connection and returns immediately.
func upgrade(c *fiber.Ctx, buffers websocket.BufferPool, serve func(*websocket.Conn)) bool {
	respond := contrib.New(func(handshaken *contrib.Conn) {
		hijacked := handshaken.NetConn()
		conn, err := newConn(hijacked, buffers)
		if err != nil { // the connection has ended already
			hijacked.Close()
			return
		}
		go serve(conn)
	}, contrib.Config{ReadBufferSize: 16, WriteBufferPool: buffers})
	return respond(c) == nil
}

// newConn returns the server's end of a WebSocket on a connection after its handshake. An error means
// that the connection is closed.
func newConn(hijacked net.Conn, buffers websocket.BufferPool) (*websocket.Conn, error) {
	u := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 2048, WriteBufferPool: buffers,
		CheckOrigin: func(*http.Request) bool { return true }}
	return u.Upgrade(&hijacker{conn: detach(hijacked)}, handshake, nil)
}

// handshake is a request that satisfies the library's checks. The real one was answered already.
var handshake = &http.Request{Method: http.MethodGet, Header: http.Header{
	"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
	"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}}

// upgradedConn is the connection under a WebSocket.
type upgradedConn struct {
	net.Conn
	unread    []byte // bytes that the HTTP server has read beyond the handshake
	responded bool   // the library has written its response
}

// detach takes over a connection from the HTTP server, with the bytes already read.
func detach(hijacked net.Conn) *upgradedConn {
	c := &upgradedConn{Conn: hijacked}
	if h, ok := hijacked.(interface{ UnsafeConn() net.Conn }); ok {
		c.Conn = h.UnsafeConn()
	}
	hijacked.SetReadDeadline(time.Unix(1, 0)) // only buffered bytes can be read
	buffer := make([]byte, maxMessage)
	for {
		n, err := hijacked.Read(buffer)
		c.unread = append(c.unread, buffer[:n]...)
		if err != nil {
			return c
		}
	}
}

// UnsafeConn returns the underlying connection.
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
// already sent one.
func (c *upgradedConn) Write(p []byte) (int, error) {
	if !c.responded {
		c.responded = true
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// hijacker is an [http.ResponseWriter] that supports Hijack only.
type hijacker struct {
	http.ResponseWriter
	conn *upgradedConn
}

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(h.conn, 16)), nil
}
