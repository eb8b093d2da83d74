package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Close codes beside those of RFC 6455; see API.md section 3.
const closeStalled = 4008

// sockets are the open WebSockets of this server. Fiber forgets a connection once
// it is a socket, so its Shutdown does not wait for them; this does.
type sockets struct {
	server *Server
	buffer sync.Pool // write buffers, shared by all sockets
	stopCh chan struct{}
	gone   sync.WaitGroup // one per socket

	mu       sync.Mutex
	open     map[*socket]struct{} // guarded by mu
	stopping bool                 // guarded by mu
}

func newSockets(s *Server) *sockets {
	all := &sockets{server: s, open: map[*socket]struct{}{}, stopCh: make(chan struct{})}
	go all.pingNowAndThen()
	return all
}

func (s *Server) socketRoutes() {
	upgrade := websocket.New(s.sockets.serve, websocket.Config{
		ReadBufferSize: 512, WriteBufferSize: 2048, WriteBufferPool: &s.sockets.buffer,
	})
	handler := func(r *request) error {
		if !websocket.IsWebSocketUpgrade(r.ctx) {
			return refuse("upgrade_required", "this path speaks WebSocket only")
		}
		if !s.allowedOrigin(r.ctx) {
			return refuse("forbidden", "pages of this origin may not open sockets; see --allow-origin")
		}
		if err := s.sockets.room(); err != nil {
			return err
		}
		r.ctx.Locals("request_id", r.id)
		forgetHeaders(&r.ctx.Request().Header)
		if err := upgrade(r.ctx); err != nil {
			return refuse("bad_parameter", "this is no WebSocket handshake of version 13")
		}
		return nil
	}
	s.handle(fiber.MethodGet, "/ws", handler)
	s.handle(fiber.MethodGet, "/ws/reservations", handler)
}

// forgetHeaders drops what the handshake does not need: all the rest would be kept
// as long as the socket lives.
func forgetHeaders(h *fasthttp.RequestHeader) {
	var names []string
	h.VisitAll(func(name, _ []byte) {
		switch kept := string(name); {
		case kept == fiber.HeaderConnection, kept == fiber.HeaderUpgrade, strings.HasPrefix(kept, "Sec-Websocket-"), strings.HasPrefix(kept, "Sec-WebSocket-"):
		default:
			names = append(names, kept)
		}
	})
	for _, name := range names {
		h.Del(name)
	}
}

// allowedOrigin: programs send no Origin; pages of this server send its own.
func (s *Server) allowedOrigin(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || slices.Contains(s.config.AllowOrigins, "*") || slices.Contains(s.config.AllowOrigins, origin) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, string(c.Request().Host()))
}

// room says whether another socket may open.
func (all *sockets) room() error {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.stopping {
		return refuse("shutting_down", "this server is shutting down; connect again")
	}
	if int64(len(all.open)) >= all.server.config.MaxSockets {
		return refuse("overloaded", "too many sockets are open; try again in a moment")
	}
	return nil
}

// serve is one socket's life; when it returns, nothing of the socket runs any more.
func (all *sockets) serve(wrapper *websocket.Conn) {
	conn := wrapper.Conn // the wrapper is pooled and will be somebody else's
	id, _ := wrapper.Locals("request_id").(string)
	s := newSocket(all.server, conn, id)
	if !all.enter(s) {
		s.bye(websocket.CloseServiceRestart, reconnectHint())
		s.end()
		return
	}
	defer all.leave(s)
	defer s.end()
	defer s.recovered()
	s.read()
}

// enter lists a socket, unless all are to go: nobody waits for one more then.
func (all *sockets) enter(s *socket) bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.stopping {
		return false
	}
	all.open[s] = struct{}{}
	all.gone.Add(1)
	all.server.metrics.sockets.Inc()
	return true
}

func (all *sockets) leave(s *socket) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, s)
	all.server.metrics.sockets.Dec()
	all.gone.Done()
}

func (all *sockets) pingNowAndThen() {
	tick := time.NewTicker(all.server.config.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-all.stopCh:
			return
		case <-tick.C:
		}
		for _, s := range all.list() {
			s.ping()
		}
	}
}

func (all *sockets) list() []*socket {
	all.mu.Lock()
	defer all.mu.Unlock()
	list := make([]*socket, 0, len(all.open))
	for s := range all.open {
		list = append(list, s)
	}
	return list
}

// stop lets no socket open any more and says goodbye to those that are.
func (all *sockets) stop() {
	all.mu.Lock()
	already := all.stopping
	all.stopping = true
	all.mu.Unlock()
	if already {
		return
	}
	close(all.stopCh)
	for _, s := range all.list() {
		s.bye(websocket.CloseServiceRestart, reconnectHint())
	}
}

// reconnectHint spreads those who come back.
func reconnectHint() string { return fmt.Sprintf("reconnect in %d ms", 500+rand.IntN(4500)) }

// wait returns when all sockets are gone. Those that don't go in time are cut.
func (all *sockets) wait(ctx context.Context) error {
	gone := make(chan struct{})
	go func() { all.gone.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, s := range all.list() {
		s.cut()
	}
	<-gone
	return ctx.Err()
}
