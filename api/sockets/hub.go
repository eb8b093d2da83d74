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

// closeStalled is a private close code (RFC 6455 section 7.4.2): the client does not read fast
// enough.
const closeStalled = 4008

// Config of a [Hub]. Every field except Poll is required.
type Config struct {
	// Views serves the topics.
	Views *projections.Projections
	// WaitForViews waits until Views include the events of every answer of this server. It returns an error
	// if that takes too long.
	WaitForViews func() error
	// Poll returns the state of a visitor in a waiting room, and counts as the visitor's
	// heartbeat. A [*core.Refusal] is final; any other error is retried. nil means that there
	// are no waiting rooms.
	Poll func(ctx context.Context, room events.RoomID, visitor string) (Visit, error)
	// MaxSockets bounds the open sockets.
	MaxSockets int64
	// PerNetwork bounds the open sockets of one network; 0 means unlimited.
	PerNetwork int
	// MaxWatches bounds the subscriptions of all sockets together.
	MaxWatches int
	// PingEvery is the interval of pings. A client that sends nothing, not even pongs, for 2.4
	// intervals is disconnected.
	PingEvery time.Duration
	// StallAfter is the time without reading after which a client's socket is closed.
	StallAfter time.Duration
	// Metrics is where the Hub registers its metrics.
	Metrics prometheus.Registerer
	Logger  *slog.Logger
}

// Visit is the state of a visitor.
type Visit struct {
	// Data is the state as a JSON object, which is sent to the client.
	Data []byte
	// Waiting is false once the state is final.
	Waiting bool
	// PollAfter is the time until the next poll, while waiting.
	PollAfter time.Duration
}

// Hub has the open sockets of a server. Fiber's Shutdown does not wait for hijacked connections;
// [Hub.Wait] does.
type Hub struct {
	config  Config
	metrics metrics
	buffer  sync.Pool // write buffers, shared by all sockets
	stopCh  chan struct{}
	serving sync.WaitGroup // one per socket

	mu       sync.Mutex
	open     map[*socket]struct{} // guarded by mu
	networks map[netip.Prefix]int // open sockets by network; guarded by mu
	stopping bool                 // guarded by mu
}

type metrics struct {
	sockets        prometheus.Gauge
	frames, merged prometheus.Counter
}

// New returns a Hub without sockets. Its goroutine pings sockets until [Hub.Stop].
func New(config Config) *Hub {
	h := &Hub{config: config, open: map[*socket]struct{}{}, networks: map[netip.Prefix]int{}, stopCh: make(chan struct{})}
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

// Open upgrades a request to a socket, which is counted under network; the zero network is
// exempt from PerNetwork. The server of c must set KeepHijackedConns.
//
// Error: a [*core.Refusal]; the caller still has to write the response.
func (h *Hub) Open(c *fiber.Ctx, requestID string, network netip.Prefix) error {
	if err := h.checkLimits(network); err != nil {
		return err
	}
	id := strings.Clone(requestID)
	serve := func(conn *websocket.Conn) { h.serve(conn, id, network) }
	if !upgrade(c, &h.buffer, serve) {
		return &core.Refusal{Code: codes.BadParameter, Detail: "this is not a WebSocket handshake of version 13"}
	}
	return nil
}

// checkLimits returns why no further socket may be opened, nil if one may.
func (h *Hub) checkLimits(network netip.Prefix) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refusal := h.limitRefusal(network); refusal != nil {
		return refusal
	}
	return nil
}

// limitRefusal is checkLimits for callers that hold mu.
func (h *Hub) limitRefusal(network netip.Prefix) *core.Refusal {
	switch c := &h.config; {
	case h.stopping:
		return &core.Refusal{Code: codes.ShuttingDown, Detail: "this server is shutting down; connect again"}
	case int64(len(h.open)) >= c.MaxSockets:
		return &core.Refusal{Code: core.CodeOverloaded, Detail: "too many sockets are open; try again in a moment"}
	case network.IsValid() && c.PerNetwork > 0 && h.networks[network] >= c.PerNetwork:
		return &core.Refusal{Code: codes.RateLimited,
			Detail: "too many sockets are open from your address; close some or try again"}
	}
	return nil
}

// serve runs one socket. When it returns, nothing uses the connection any more.
func (h *Hub) serve(conn *websocket.Conn, id string, network netip.Prefix) {
	s := newSocket(h, conn, id)
	s.network = network
	if refusal := h.add(s); refusal != nil {
		code := websocket.CloseTryAgainLater // other sockets were added since Open checked the limits
		if refusal.Code == codes.ShuttingDown {
			code = websocket.CloseServiceRestart
		}
		s.closeWith(code, reconnectHint())
		s.end()
		return
	}
	defer h.remove(s)
	defer s.end()
	defer s.recoverPanic()
	s.read()
}

// add registers an open socket, or returns why it may not be opened. It adds none once the Hub is
// stopping, so that Wait terminates.
func (h *Hub) add(s *socket) *core.Refusal {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refusal := h.limitRefusal(s.network); refusal != nil {
		return refusal
	}
	h.open[s] = struct{}{}
	if s.network.IsValid() {
		h.networks[s.network]++
	}
	h.serving.Add(1)
	h.metrics.sockets.Inc()
	return nil
}

func (h *Hub) remove(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, s)
	if s.network.IsValid() {
		if h.networks[s.network]--; h.networks[s.network] == 0 {
			delete(h.networks, s.network)
		}
	}
	h.metrics.sockets.Dec()
	h.serving.Done()
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

// Stop refuses new sockets, and closes the open ones with code 1012 and a hint when to
// reconnect. It does not wait for them. It is idempotent.
func (h *Hub) Stop() {
	h.mu.Lock()
	wasStopping := h.stopping
	h.stopping = true
	h.mu.Unlock()
	if wasStopping {
		return
	}
	close(h.stopCh)
	for _, s := range h.list() {
		s.closeWith(websocket.CloseServiceRestart, reconnectHint())
	}
}

// reconnectHint returns the reason of a close frame with a random delay, which spreads the
// reconnections.
func reconnectHint() string { return fmt.Sprintf("reconnect in %d ms", 500+rand.IntN(4500)) }

// Wait returns nil once no socket is open. When ctx ends it aborts the remaining ones and
// returns ctx.Err(). Call it after [Hub.Stop].
func (h *Hub) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { h.serving.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, s := range h.list() {
		s.abort()
	}
	<-done
	return ctx.Err()
}
