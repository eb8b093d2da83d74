package api

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/events"
	"admitone/projections"
)

// Bounds of one socket.
const (
	// maxMessage is the largest frame a client may send, in bytes.
	maxMessage = 4 << 10
	// maxTopics is how many topics one socket may watch.
	maxTopics = 1000
	// maxReplies is how many answers may wait for a client that does not read them.
	maxReplies = 256
)

// socket is one client. Its reader is the handler's goroutine. A writer runs only
// while there is something to write, so an idle socket costs one goroutine.
type socket struct {
	server *Server
	conn   *websocket.Conn
	id     string // request id of the upgrade
	writer sync.WaitGroup

	mu      sync.Mutex
	watches map[string]*watch // by topic; guarded by mu
	queue   []*watch          // with something pending, oldest first; guarded by mu
	replies [][]byte          // answers to the client; guarded by mu
	pinging bool              // guarded by mu
	closing []byte            // close frame to send last; guarded by mu
	writing bool              // a writer runs; guarded by mu
	over    bool              // nothing may be written any more; guarded by mu
}

// watch is a socket's subscription to one topic. It has room for a snapshot and
// one delta, into which the topic's frames are merged while the client is slow.
type watch struct {
	socket  *socket
	topic   string
	seed    bool // speaks the first seed's dialect
	sub     *projections.Subscription
	pending projections.Pending // guarded by socket.mu
	queued  bool                // guarded by socket.mu
	gone    bool                // guarded by socket.mu
}

func newSocket(server *Server, conn *websocket.Conn, id string) *socket {
	conn.SetReadLimit(maxMessage)
	return &socket{server: server, conn: conn, id: id, watches: map[string]*watch{}}
}

// Deliver takes a frame of the topic; it never waits.
func (w *watch) Deliver(f *projections.Frame) {
	s := w.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || w.gone {
		return
	}
	if !w.pending.Empty() && f.Kind == projections.DeltaFrame {
		s.server.metrics.merged.Inc()
	}
	w.pending.Add(f)
	if !w.queued {
		w.queued = true
		s.queue = append(s.queue, w)
	}
	s.wake()
}

// wake starts a writer if none runs. It needs mu.
func (s *socket) wake() {
	if s.writing || s.over {
		return
	}
	s.writing = true
	s.writer.Go(s.write)
}

// reply queues an answer to the client.
func (s *socket) reply(message []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) >= maxReplies { // it asks and asks but does not read
		s.closing = websocket.FormatCloseMessage(closeStalled, "you are not reading; come back")
	} else {
		s.replies = append(s.replies, message)
	}
	s.wake()
}

func (s *socket) ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinging = true
	s.wake()
}

// bye sends a close frame behind what is being written, and then ends the socket.
func (s *socket) bye(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil {
		s.closing = websocket.FormatCloseMessage(code, reason)
	}
	s.wake()
}

// outgoing is one thing to write.
type outgoing struct {
	control int // a control frame of this type, if not 0
	data    []byte
	frame   *projections.Frame
	seed    bool
}

// next takes out what to write next; ok is false if there is nothing, and then the
// writer has ended.
func (s *socket) next() (out outgoing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
	case s.closing != nil:
		s.over = true
		return outgoing{control: websocket.CloseMessage, data: s.closing}, true
	case s.pinging:
		s.pinging = false
		return outgoing{control: websocket.PingMessage}, true
	case len(s.replies) > 0:
		out.data = s.replies[0]
		if s.replies = s.replies[1:]; len(s.replies) == 0 {
			s.replies = nil
		}
		return out, true
	case len(s.queue) > 0:
		return s.nextFrame(), true
	}
	s.writing = false
	return out, false
}

// nextFrame needs mu and a queue that is not empty.
func (s *socket) nextFrame() outgoing {
	w := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	out := outgoing{frame: w.pending.Next(), seed: w.seed}
	w.queued = !w.pending.Empty()
	if w.queued {
		s.queue = append(s.queue, w)
	}
	return out
}

// write is the writer: it writes what there is and ends.
func (s *socket) write() {
	for {
		out, ok := s.next()
		if !ok {
			return
		}
		if err := s.send(out); err != nil {
			s.fail(err)
			return
		}
		if out.control == websocket.CloseMessage {
			// The client answers with its own close, or the reader gives up soon.
			s.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		}
	}
}

func (s *socket) send(out outgoing) error {
	deadline := time.Now().Add(stall)
	if out.control != 0 {
		return s.conn.WriteControl(out.control, out.data, deadline)
	}
	s.conn.SetWriteDeadline(deadline)
	if out.frame == nil {
		return s.message(out.data)
	}
	form, encode := preparedForm, prepare
	if out.seed {
		form, encode = seedForm, prepareSeed
	}
	prepared, _ := out.frame.As(form, encode).(*websocket.PreparedMessage)
	if prepared == nil {
		return nil // nothing to say in that dialect
	}
	s.server.metrics.frames.Inc()
	return s.conn.WritePreparedMessage(prepared)
}

func (s *socket) message(data []byte) error {
	if data == nil {
		return nil
	}
	return s.conn.WriteMessage(websocket.TextMessage, data)
}

// The encodings of a frame that all sockets share; see projections.Frame.As.
const (
	preparedForm = 1
	seedForm     = 2
)

// prepare makes a WebSocket message of a frame, once for all who get it.
func prepare(f *projections.Frame) any { return prepared(f.Bytes()) }

func prepared(message []byte) *websocket.PreparedMessage {
	p, err := websocket.NewPreparedMessage(websocket.TextMessage, message)
	if err != nil {
		panic(err) // it fails for unknown message types only
	}
	return p
}

// fail ends a socket that can't be written to.
func (s *socket) fail(err error) {
	s.mu.Lock()
	s.over = true
	s.writing = false
	s.mu.Unlock()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.server.config.Logger.Info("a socket took nothing for too long and was cut", "request_id", s.id)
	}
	s.cut()
}

// cut makes the reader return at once.
func (s *socket) cut() { s.conn.SetReadDeadline(time.Unix(1, 0)) }

// end takes everything down; afterwards nobody touches the connection.
func (s *socket) end() {
	s.mu.Lock()
	s.over = true
	watches := s.watches
	s.watches = nil
	for _, w := range watches {
		w.gone = true
	}
	s.queue, s.replies = nil, nil
	s.mu.Unlock()
	for _, w := range watches {
		w.close()
	}
	// A writer stuck in a write ends with the connection, and must have ended before
	// the connection is given back.
	s.conn.SetWriteDeadline(time.Now())
	s.writer.Wait()
	s.conn.Close()
}

func (w *watch) close() {
	if w.sub != nil {
		w.sub.Close()
	}
}

// read handles what the client says until the connection ends.
func (s *socket) read() {
	alive := func() { s.conn.SetReadDeadline(time.Now().Add(silence)) }
	s.conn.SetPongHandler(func(string) error { alive(); return nil })
	s.conn.SetPingHandler(func(string) error { alive(); s.ping(); return nil })
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.bye(code, "")
		return nil
	})
	for {
		alive()
		kind, message, err := s.conn.ReadMessage()
		if err != nil {
			s.farewell(err)
			return
		}
		if kind != websocket.TextMessage {
			s.complain("malformed_json", "send text frames", "")
			continue
		}
		s.handle(message)
	}
}

// farewell lets a close frame out that is on its way.
func (s *socket) farewell(err error) {
	if websocket.IsUnexpectedCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
		return
	}
	s.writer.Wait()
}

// complain sends an error message; the connection stays.
func (s *socket) complain(code, detail, topic string) {
	o := events.OpenObject(append([]byte(nil), `{"event":"error","data":`...))
	o.String("code", code)
	o.String("detail", detail)
	if topic != "" {
		o.String("topic", topic)
	}
	s.reply(append(o.Close(), '}'))
}
