package sockets

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/api/sockets/sockettest"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/projections"
)

// testTimeout bounds a wait. It is generous, because a busy machine is slow.
const testTimeout = time.Minute

const subscribeP = sockettest.SubscribeP

// harness is a Hub with its views and a desk for products, over a log in a temporary folder.
type harness struct {
	t       testing.TB
	dir     string
	config  Config        // of the Hub
	frames  time.Duration // projections.Config.FrameEvery
	log     logBuffer
	metrics *prometheus.Registry
	store   *embedded.Store
	views   *projections.Projections
	desk    *actors.Desk
	hub     *Hub
	address string
	stop    func()
}

func newHarness(t testing.TB, change ...func(*harness)) *harness {
	w := &harness{t: t, dir: t.TempDir(), config: Config{
		MaxSockets: 1000, MaxWatches: 1_000_000, PingEvery: 25 * time.Second, StallAfter: 10 * time.Second}}
	for _, f := range change {
		f(w)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		if log := w.log.String(); strings.Contains(log, "panicked") {
			t.Errorf("the log has a panic, want none:\n%s", log)
		}
	})
	return w
}

func (w *harness) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *harness) start() {
	w.t.Helper()
	logger := slog.New(slog.NewJSONHandler(&w.log, nil))
	var err error
	w.store, err = embedded.Open(w.dir, embedded.Options{Logger: logger})
	w.must(err)
	engine, err := actors.NewEngine()
	w.must(err)
	w.views, err = projections.Open(projections.Config{Store: w.store, Dir: filepath.Join(w.dir, "views"),
		Spawn: engine.Spawn, Logger: logger, FrameEvery: w.frames})
	w.must(err)
	w.desk = actors.NewDesk(engine, actors.Config{Store: w.store, Snapshots: w.store, Logger: logger,
		Kinds: []core.Kind{product.Kind}})
	config := w.config
	w.metrics = prometheus.NewRegistry()
	config.Views, config.Metrics, config.Logger = w.views, w.metrics, logger
	config.WaitForViews = func() error { return w.catchUp() }
	w.hub = New(config)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Server().KeepHijackedConns = true
	open := func(c *fiber.Ctx) error { return w.hub.Open(c, "test", netip.Prefix{}) }
	app.Get("/ws", open)
	app.Get("/ws/reservations", open)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { w.views.Run(ctx) })
	background.Go(func() { app.Listener(listener) })
	w.stop = sync.OnceFunc(func() {
		limit, cancelLimit := context.WithTimeout(context.Background(), testTimeout)
		defer cancelLimit()
		w.hub.Stop()
		err := app.ShutdownWithContext(limit)
		listener.Close() // Fiber overlooks a server that is only about to serve
		err = errors.Join(err, w.hub.Wait(limit), w.desk.Close(limit))
		cancel()
		background.Wait()
		if err := errors.Join(err, w.views.Close(), w.store.Close()); err != nil {
			w.t.Errorf("shutdown: %v", err)
		}
	})
}

// catchUp waits until the views have the whole log.
func (w *harness) catchUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	head, err := w.store.Head(ctx)
	if err != nil {
		return err
	}
	return w.views.WaitFor(ctx, head)
}

// ask sends a command to a product; the test fails if it is refused.
func (w *harness) ask(id string, command core.Command) events.Position {
	answer, err := w.desk.Ask(context.Background(), actors.Request{
		Stream: product.Stream(events.ProductID(id)), Command: command, ID: actors.NewCommandID(), Actor: "test"})
	if err != nil {
		w.t.Errorf("%+v to %s: %v", command, id, err)
	}
	return answer.Position
}

func (w *harness) product(id string, stock int64) {
	w.ask(id, &product.Create{ID: events.ProductID(id), Name: "the " + id, Stock: stock, Price: 7, HoldSeconds: 300})
}

// reserve sells one unit.
func (w *harness) reserve(id string) events.Position {
	return w.ask(id, &product.Reserve{ReservationID: actors.NewID(), Holder: "ada", Quantity: 1})
}

// hold holds one unit and returns the reservation.
func (w *harness) hold(id string) events.ID {
	reservation := actors.NewID()
	w.ask(id, &product.Reserve{ReservationID: reservation, Holder: "ada", Quantity: 1, Hold: true})
	return reservation
}

func (w *harness) dial(path string) *sockettest.Peer {
	w.t.Helper()
	return sockettest.Dial(w.t, w.address, path)
}

func (w *harness) stalled() *sockettest.Peer {
	w.t.Helper()
	return sockettest.DialStalled(w.t, w.address)
}

// metric returns the value of a counter or gauge.
func (w *harness) metric(name string) float64 {
	w.t.Helper()
	families, err := w.metrics.Gather()
	w.must(err)
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	w.t.Fatalf("no metric %s, want it registered", name)
	return 0
}

// logBuffer collects the server's log.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (r *logBuffer) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *logBuffer) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *logBuffer) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Reset()
}
