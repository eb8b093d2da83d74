package sockets

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections"
)

// closeStalled is a close code beside those of RFC 6455: the client has not read fast
// enough.
const closeStalled = 4008

// Config has what a Hub needs of its server. Every field but Poll is required.
type Config struct {
	// Views has the topics.
	Views *projections.Projections
	// CaughtUp waits until Views has everything that this server has answered with. An
	// error means that it does not in time.
	CaughtUp func() error
	// Poll asks for a visitor in a waiting room, and is the visitor's sign of life. A
	// [*core.Refusal] is final; after any other error it is called again. nil if there are
	// no waiting rooms.
	Poll func(ctx context.Context, room events.RoomID, visitor string) (Visit, error)
	// MaxSockets bounds the open sockets.
	MaxSockets int64
	// PerNetwork bounds the open sockets of one network; 0 is no bound.
	PerNetwork int
	// MaxWatches bounds the subscriptions of all sockets together.
	MaxWatches int
	// PingEvery is the time between two pings. A socket that sends nothing for twelve
	// fifths of it, pongs included, is closed.
	PingEvery time.Duration
	// StallAfter is how long a client may take nothing before it is closed.
	StallAfter time.Duration
	// Metrics is where a Hub registers its own.
	Metrics prometheus.Registerer
	Logger  *slog.Logger
}

// Visit is the state of a visitor, as the client is told.
type Visit struct {
	// Data is a JSON object.
	Data []byte
	// Waiting is false once the state is final.
	Waiting bool
	// PollAfter is when to ask again, while waiting.
	PollAfter time.Duration
}

// Hub has the open sockets of a server. Fiber forgets a connection once it is a socket, so
// its Shutdown does not wait for them; [Hub.Wait] does.
type Hub struct {
	config  Config
	metrics metrics
	buffer  sync.Pool // write buffers, shared by all sockets
	stopCh  chan struct{}
	gone    sync.WaitGroup // one per socket

	mu       sync.Mutex
	open     map[*socket]struct{} // guarded by mu
	by       map[netip.Prefix]int // open sockets by network, those that have one; guarded by mu
	stopping bool                 // guarded by mu
}

type metrics struct {
	sockets        prometheus.Gauge
	frames, merged prometheus.Counter
}

// New returns a Hub without sockets. It pings them until [Hub.Stop].
func New(config Config) *Hub {
	h := &Hub{config: config, open: map[*socket]struct{}{}, by: map[netip.Prefix]int{}, stopCh: make(chan struct{})}
	h.metrics = metrics{
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "admitone_sockets", Help: "Open WebSockets."}),
		frames: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "admitone_frames_sent_total", Help: "Frames written to WebSockets."}),
		merged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "admitone_frames_merged_total", Help: "Frames merged into another because a socket was slow."}),
	}
	config.Metrics.MustRegister(h.metrics.sockets, h.metrics.frames, h.metrics.merged)
	go h.runPings()
	return h
}

// Open turns a request into a socket, which counts for network; the zero network is
// counted for none. The server of c must keep hijacked connections.
//
// Errors: a [*core.Refusal], and the response is still to be written.
func (h *Hub) Open(c *fiber.Ctx, requestID string, network netip.Prefix) error {
	if err := h.room(network); err != nil {
		return err
	}
	id := strings.Clone(requestID)
	serve := func(conn *websocket.Conn) { h.serve(conn, id, network) }
	if !upgrade(c, &h.buffer, serve) {
		return &core.Refusal{Code: codes.BadParameter, Detail: "this is no WebSocket handshake of version 13"}
	}
	return nil
}

// room returns why another socket may not open, nil if it may.
func (h *Hub) room(network netip.Prefix) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refusal := h.full(network); refusal != nil {
		return refusal
	}
	return nil
}

// full is room for callers that hold mu.
func (h *Hub) full(network netip.Prefix) *core.Refusal {
	switch c := &h.config; {
	case h.stopping:
		return &core.Refusal{Code: codes.ShuttingDown, Detail: "this server is shutting down; connect again"}
	case int64(len(h.open)) >= c.MaxSockets:
		return &core.Refusal{Code: core.CodeOverloaded, Detail: "too many sockets are open; try again in a moment"}
	case network.IsValid() && c.PerNetwork > 0 && h.by[network] >= c.PerNetwork:
		return &core.Refusal{Code: codes.RateLimited,
			Detail: "too many sockets are open from your address; close some or try again"}
	}
	return nil
}

// serve runs one socket; when it returns, nothing uses the connection any more.
func (h *Hub) serve(conn *websocket.Conn, id string, network netip.Prefix) {
	s := newSocket(h, conn, id)
	s.network = network
	if refusal := h.enter(s); refusal != nil {
		code := websocket.CloseTryAgainLater // others were faster since there was room
		if refusal.Code == codes.ShuttingDown {
			code = websocket.CloseServiceRestart
		}
		s.closeWith(code, reconnectHint())
		s.end()
		return
	}
	defer h.leave(s)
	defer s.end()
	defer s.recovered()
	s.read()
}

// enter lists a socket, unless it is one too many or the Hub is stopping: Wait does not
// wait for one more then.
func (h *Hub) enter(s *socket) *core.Refusal {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refusal := h.full(s.network); refusal != nil {
		return refusal
	}
	h.open[s] = struct{}{}
	if s.network.IsValid() {
		h.by[s.network]++
	}
	h.gone.Add(1)
	h.metrics.sockets.Inc()
	return nil
}

func (h *Hub) leave(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, s)
	if s.network.IsValid() {
		if h.by[s.network]--; h.by[s.network] == 0 {
			delete(h.by, s.network)
		}
	}
	h.metrics.sockets.Dec()
	h.gone.Done()
}

func (h *Hub) runPings() {
	tick := time.NewTicker(h.config.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.stopCh:
			return
		case <-tick.C:
		}
		for _, s := range h.list() {
			s.ping()
		}
	}
}

func (h *Hub) list() []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*socket, 0, len(h.open))
	for s := range h.open {
		list = append(list, s)
	}
	return list
}

// Stop lets no socket open any more, and closes the open ones with code 1012 and a hint
// when to reconnect. It does not wait for them, and may be called more than once.
func (h *Hub) Stop() {
	h.mu.Lock()
	already := h.stopping
	h.stopping = true
	h.mu.Unlock()
	if already {
		return
	}
	close(h.stopCh)
	for _, s := range h.list() {
		s.closeWith(websocket.CloseServiceRestart, reconnectHint())
	}
}

// reconnectHint spreads the clients that come back.
func reconnectHint() string { return fmt.Sprintf("reconnect in %d ms", 500+rand.IntN(4500)) }

// Wait returns once no socket is open. Those that are still open when ctx is done are cut
// off, and it returns ctx.Err(). It is called after [Hub.Stop].
func (h *Hub) Wait(ctx context.Context) error {
	gone := make(chan struct{})
	go func() { h.gone.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, s := range h.list() {
		s.abort()
	}
	<-gone
	return ctx.Err()
}
