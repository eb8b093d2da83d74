package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	// silence is the timeout for reads: the server pings every 25 seconds.
	silence = 40 * time.Second
	// writeTimeout bounds a write to a socket.
	writeTimeout = 10 * time.Second
	// topicsPerMessage is the number of topics in one message, which the server limits to 4 KiB.
	topicsPerMessage = 12
	// maxTopics is the server's limit for one socket.
	maxTopics = 1000
	// maxWait is the longest pause before a new connection.
	maxWait = 15 * time.Second
	// closeRestart is the close code of a server that restarts (1012).
	closeRestart = 1012
)

// Frame is an update of a watched topic.
type Frame struct {
	// Topic, such as product:tee.
	Topic string `json:"topic"`
	// Snapshot means that Data is the whole state of the topic and replaces everything before; else
	// it is a change, with absolute counts.
	Snapshot bool `json:"-"`
	// Position is the log position of the last event that the frame includes, Previous the Position
	// of the topic's previous frame.
	Position int64 `json:"position"`
	Previous int64 `json:"previous"`
	// Epoch identifies the log; set in snapshots.
	Epoch string `json:"epoch"`
	// Data is the frame as JSON: a [ProductSnapshot], [ProductDelta], [SeatsDelta] and so on,
	// depending on the kind of topic.
	Data json.RawMessage `json:"-"`
}

// Decode decodes Data into a value of its type.
func (f *Frame) Decode(into any) error { return json.Unmarshal(f.Data, into) }

// TopicError is the error of a watch one of whose topics the server refuses. Use [errors.Is] with a
// [Code] to distinguish them.
type TopicError struct {
	Topic  string `json:"topic"`
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}

// Error implements error.
func (e *TopicError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Topic, e.Code, e.Detail) }

// Is reports whether target is the error's [Code].
func (e *TopicError) Is(target error) bool { return target == error(e.Code) }

// Watch yields the frames of topics: a snapshot of each, and then every change exactly once and in
// order, reconnecting as often as necessary. The server merges changes that are faster than the caller.
// Topics are product:<id>, tournament:<id>, team:<id>, performance:<id>, seats:<id> and
// waiting-room:<id>.
//
// It ends when the caller stops iterating, or with an error: ctx.Err(), a [*TopicError], or the
// [*Error] of a refused handshake.
func (c *Client) Watch(ctx context.Context, topics ...string) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		w := &watch{client: c, topics: map[string]*topic{}, yield: yield}
		for _, name := range topics {
			if w.topics[name] == nil {
				w.topics[name] = &topic{}
				w.order = append(w.order, name)
			}
		}
		err := fmt.Errorf("one watch has 1 to %d topics", maxTopics)
		if len(w.order) > 0 && len(w.order) <= maxTopics {
			err = w.run(ctx)
		}
		if err != nil {
			yield(Frame{}, err)
		}
	}
}

// watch is the state of one call of [Client.Watch]. It belongs to one goroutine.
type watch struct {
	client *Client
	topics map[string]*topic
	order  []string
	epoch  string
	yield  func(Frame, error) bool
	// failures counts consecutive failures to connect. hint is the server's delay for the next attempt, 0
	// for none.
	failures int
	hint     time.Duration
}

// topic is a topic's last yielded position.
type topic struct {
	position int64  // of the last frame; 0 for none
	epoch    string // of the log that position belongs to
	// current means that the newest subscription has been answered. Only then is a frame that does not
	// follow the last one a gap; before, it may belong to the previous subscription.
	current bool
}

// errBroken means that the caller has stopped iterating.
var errBroken = errors.New("stopped by the caller")

// run connects repeatedly. It returns nil once the caller has stopped iterating.
func (w *watch) run(ctx context.Context) error {
	for {
		err := w.connection(ctx)
		refused, missing := (*Error)(nil), (*TopicError)(nil)
		switch {
		case errors.Is(err, errBroken):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &missing):
			return err
		case errors.As(err, &refused):
			if refused.Status != http.StatusTooManyRequests && refused.Status < 500 {
				return err
			}
			w.hint = refused.RetryAfter
		}
		wait := w.hint
		if wait == 0 {
			wait = mathrand.N(min(firstPause<<min(w.failures, 10), maxWait))
			w.failures++
		}
		w.hint = 0
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// connection opens a socket and yields its frames until it ends.
func (w *watch) connection(ctx context.Context) error {
	conn, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetPingHandler(func(payload string) error {
		conn.SetReadDeadline(time.Now().Add(silence))
		return conn.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(writeTimeout))
	})
	if err := w.subscribe(conn, w.order); err != nil {
		return err
	}
	for {
		conn.SetReadDeadline(time.Now().Add(silence))
		_, text, err := conn.ReadMessage()
		if err != nil {
			w.noteClose(err)
			return err
		}
		w.failures = 0
		lost, err := w.frame(text)
		if err != nil {
			return err
		}
		if len(lost) > 0 {
			if err := w.subscribe(conn, lost); err != nil {
				return err
			}
		}
	}
}

// dial opens a socket. Errors: the [*Error] of a refused handshake; as the network.
func (w *watch) dial(ctx context.Context) (*websocket.Conn, error) {
	address := *w.client.base
	address.Scheme = strings.Replace(address.Scheme, "http", "ws", 1)
	address.Path += "/ws"
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: attemptTimeout}
	if transport, ok := w.client.options.HTTP.Transport.(*http.Transport); ok && transport != nil {
		dialer.Proxy, dialer.TLSClientConfig = transport.Proxy, transport.TLSClientConfig
		dialer.NetDialContext = transport.DialContext
	}
	conn, response, err := dialer.DialContext(ctx, address.String(), nil)
	if err != nil && response != nil {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
		return nil, newError(response, body)
	}
	return conn, err
}

// subscribe subscribes to topics, each from its last yielded frame on.
func (w *watch) subscribe(conn *websocket.Conn, names []string) error {
	for part := range slices.Chunk(names, topicsPerMessage) {
		since := map[string]int64{}
		for _, name := range part {
			t := w.topics[name]
			t.current = false
			if t.position > 0 && t.epoch == w.epoch {
				since[name] = t.position
			}
		}
		conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		err := conn.WriteJSON(map[string]any{"event": "subscribe",
			"data": map[string]any{"topics": part, "since": since, "epoch": w.epoch}})
		if err != nil {
			return err
		}
	}
	return nil
}

var reconnectIn = regexp.MustCompile(`\d+`)

// noteClose sets hint to the delay in the close frame of a server that restarts.
func (w *watch) noteClose(err error) {
	closed := (*websocket.CloseError)(nil)
	if errors.As(err, &closed) && closed.Code == closeRestart {
		if ms, err := strconv.Atoi(reconnectIn.FindString(closed.Text)); err == nil {
			w.hint = min(time.Duration(ms)*time.Millisecond, maxWait)
		}
	}
}

// frame handles a message, and yields it if it is the next frame of its topic. It returns the topics
// that must be subscribed to again because of a gap.
func (w *watch) frame(text []byte) (lost []string, err error) {
	var message struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &message); err != nil {
		return nil, fmt.Errorf("a frame of the server: %w", err)
	}
	if message.Event == "error" {
		return nil, w.refused(message.Data)
	}
	f := Frame{Snapshot: message.Event == "snapshot", Data: message.Data}
	if !f.Snapshot && message.Event != "delta" {
		return nil, nil
	}
	if err := json.Unmarshal(message.Data, &f); err != nil {
		return nil, fmt.Errorf("a frame of the server: %w", err)
	}
	t := w.topics[f.Topic]
	switch {
	case t == nil:
		return nil, nil
	case f.Snapshot:
		w.epoch, t.epoch = f.Epoch, f.Epoch
	case f.Previous != t.position:
		if t.current {
			return []string{f.Topic}, nil
		}
		return nil, nil
	case f.Position == t.position:
		t.current = true // nothing was missed
		return nil, nil
	}
	t.current, t.position = true, f.Position
	if !w.yield(f, nil) {
		return nil, errBroken
	}
	return nil, nil
}

// refused converts an error message to an error. A temporary one ends only the connection, and sets
// hint.
func (w *watch) refused(data []byte) error {
	e := &TopicError{}
	if err := json.Unmarshal(data, e); err != nil {
		return fmt.Errorf("a frame of the server: %w", err)
	}
	switch e.Code {
	case CodeProjectionBehind, CodeOverloaded, CodeLogUnavailable:
		w.hint = time.Second/2 + mathrand.N(time.Second/2)
		return errors.New(e.Detail)
	}
	return e
}
