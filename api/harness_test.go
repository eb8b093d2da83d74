package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/cursors"
	"admitone/actors/payment"
	sales "admitone/actors/reservations"
	"admitone/actors/seat"
	"admitone/actors/settlement"
	"admitone/actors/waitingroom/pass"
	"admitone/api/contacts"
	"admitone/api/payments"
	"admitone/api/sockets/sockettest"
	"admitone/api/sweeps"
	"admitone/api/webhooks"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
	"admitone/projections"
)

// patience bounds a wait. It is not a measurement: a passing test needs a moment of it, and more on
// a busy machine.
const patience = time.Minute

// harness is a whole server on its own port, over a log in a temporary folder.
type harness struct {
	t        testing.TB
	dir      string
	config   Config
	desks    actors.Config
	routes   func(*Server)
	frames   time.Duration     // projections.Config.FrameEvery
	blind    bool              // the views don't follow the log
	patience time.Duration     // how long queries wait for the views; 0 is without a limit
	signed   bool              // the log has a tree, which gives receipts
	delivers bool              // to webhooks
	sweeps   bool              // run sweeps, and resume bookings
	faster   int               // webhooks.Config.Faster; 1000 if 0
	provider payments.Provider // of payments; nil for none
	refunds  bool              // refunds are requested from it
	tree     *merkle.Tree
	keys     *pass.Keyring                   // of the passes; new ones if nil
	listen   func(net.Listener) net.Listener // wraps the listener, if set
	store    *embedded.Store
	contacts *contacts.Book
	views    *projections.Projections
	server   *Server
	address  string
	client   *http.Client
	log      *record
	access   *record

	cancel     context.CancelFunc
	background sync.WaitGroup
}

// newHarness starts a harness; change may modify it first.
func newHarness(t testing.TB, change ...func(*harness)) *harness {
	w := &harness{t: t, dir: t.TempDir(), config: Config{Auth: OpenAuth{}}, log: &record{}, access: &record{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	for _, f := range change {
		f(w)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		if log := w.log.String(); strings.Contains(log, "panicked") || strings.Contains(log, "with an unknown error") {
			t.Errorf("the server's log has a bug in it:\n%s; want no panicked in log, no with an unknown error in log", log)
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
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	var err error
	w.store, err = embedded.Open(w.dir, embedded.Options{Logger: logger})
	w.must(err)
	engine, err := actors.NewEngine()
	w.must(err)
	w.views, err = projections.Open(projections.Config{
		Store: w.store, Dir: filepath.Join(w.dir, "views"), Spawn: engine.Spawn, Logger: logger, FrameEvery: w.frames})
	w.must(err)
	desks := w.desks
	desks.Store, desks.Snapshots, desks.Logger = w.store, w.store, logger
	desks.Kinds = []core.Kind{ // of bookings
		seat.Kind, area.Kind, allowance.Kind, payment.Kind, settlement.Kind, cursors.Kind}
	for _, k := range kinds {
		desks.Kinds = append(desks.Kinds, k.rules)
	}
	desk := actors.NewDesk(engine, desks)
	config := w.config
	process := bookings.New(desk, w.views)
	config.Bookings = process
	config.Reservations = sales.New(desk, EndedReservations{w.views})
	w.contacts, err = contacts.Open(filepath.Join(w.dir, "contacts"), slog.New(slog.DiscardHandler))
	w.must(err)
	config.Contacts = w.contacts
	if w.keys == nil {
		w.keys, err = pass.NewKeyring(pass.NewKey(1))
		w.must(err)
	}
	key, err := webhooks.NewKey([]byte("a key of 32 bytes, and some more"))
	w.must(err)
	config.Webhooks = webhooks.New(webhooks.Config{Desk: desk, Store: w.store, Views: w.views, Key: key,
		AllowPrivate: true, Node: "harness", Alone: true, Logger: logger,
		Faster: cmp.Or(w.faster, 1000)})
	config.Sweeps = sweeps.New(
		sweeps.Config{Desk: desk, Store: w.store, Views: w.views, Bookings: process, Reservations: config.Reservations,
			Node: "harness", Alone: true, Logger: logger, Faster: 100},
	)
	if w.provider != nil {
		config.Payments = payments.New(payments.Config{Provider: w.provider, Bookings: process, Desk: desk, Store: w.store,
			Views: w.views, Currency: config.Currency, Refunds: w.refunds, Node: "harness", Alone: true, Logger: logger,
			Schedule: []time.Duration{20 * time.Millisecond, 100 * time.Millisecond}})
	}
	config.Rooms = admission.New(admission.Config{Desk: desk, Keys: w.keys, Logger: logger})
	config.Desk, config.Views, config.Store, config.Logger, config.AccessLog = desk, w.views, w.store, logger, w.access
	if w.signed {
		key, err := merkle.NewKey(make([]byte, merkle.SeedSize), w.store.Epoch())
		w.must(err)
		w.tree, err = merkle.Open(
			context.Background(),
			merkle.Config{Store: w.store, Dir: filepath.Join(w.dir, "tree"), Key: key, Logger: logger},
		)
		w.must(err)
		config.Proofs = w.tree
	}
	w.server = New(config)
	w.server.viewsTimeout = cmp.Or(w.patience, patience)
	if w.routes != nil {
		w.routes(w.server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.address = listener.Addr().String()
	if w.listen != nil {
		listener = w.listen(listener)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if !w.blind {
		w.background.Go(func() { w.views.Run(ctx) })
	}
	if w.signed {
		w.background.Go(func() { w.tree.Run(ctx) })
	}
	delivering, undelivered := context.WithCancel(ctx)
	var deliveries sync.WaitGroup
	if w.sweeps {
		deliveries.Go(func() { config.Sweeps.Run(delivering) })
		deliveries.Go(func() {
			w.views.RunUnfinished(delivering, func(ctx context.Context, id events.BookingID) error {
				return process.Resume(ctx, bookings.Origin{ID: actors.NewCommandID(), Actor: "system"}, id)
			})
		})
	}
	if w.delivers {
		deliveries.Go(func() { config.Webhooks.Run(delivering) })
	}
	if config.Payments != nil {
		deliveries.Go(func() { config.Payments.Run(delivering) })
	}
	w.background.Go(func() { w.views.RunDeadlines(ctx, desk.Wake) })
	w.background.Go(func() { w.server.Listen(listener) })
	w.cancel = func() {
		limit, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := w.server.Shutdown(limit); err != nil {
			w.t.Errorf("shutdown: %v; want no error", err)
		}
		undelivered()
		deliveries.Wait()
		process.Wait()
		config.Rooms.Close()
		if err := desk.Close(limit); err != nil {
			w.t.Errorf("close the desk: %v; want no error", err)
		}
		cancel()
	}
}

func (w *harness) stop() {
	if w.cancel == nil {
		return
	}
	w.client.CloseIdleConnections()
	w.cancel()
	w.cancel = nil
	w.background.Wait()
	if w.signed {
		w.must(w.tree.Close(context.Background()))
	}
	w.must(w.contacts.Close())
	w.must(w.views.Close())
	w.must(w.store.Close())
}

// answer to a request.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	text   string
}

// do sends a request; headers are names and values in turn.
func (w *harness) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.doWith(w.client, method, path, body, headers...)
}

func (w *harness) doWith(client *http.Client, method, path, body string, headers ...string) answer {
	w.t.Helper()
	request, err := http.NewRequest(method, "http://"+w.address+path, strings.NewReader(body))
	w.must(err)
	if body != "" && !slices.Contains(headers, "Content-Type") {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			request.Header.Set(headers[i], headers[i+1])
		}
	}
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatalf("%s %s: got %v; want no error", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.must(err)
	return answer{w.t, method + " " + path + " " + excerpt(body), response.StatusCode, response.Header, string(text)}
}

func excerpt(s string) string {
	if len(s) > 120 {
		return s[:120] + "…"
	}
	return s
}

// is checks the status and returns the decoded body.
func (a answer) is(status int) map[string]any {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, excerpt(a.text))
	}
	var v map[string]any
	if a.text != "" {
		if err := json.Unmarshal([]byte(a.text), &v); err != nil {
			a.t.Fatalf("%s: %v: got %s; want no error", a.what, err, excerpt(a.text))
		}
	}
	return v
}

// problem checks that the answer is a problem of RFC 9457 with this code.
func (a answer) problem(status int, code string) map[string]any {
	a.t.Helper()
	v := a.is(status)
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Errorf("%s: Content-Type %q; want application/problem+json", a.what, kind)
	}
	want := map[string]any{"type": "about:blank#" + code, "title": http.StatusText(status), "status": float64(status),
		"code": code, "request_id": a.header.Get("X-Request-Id")}
	for name, value := range want {
		if v[name] != value {
			a.t.Errorf("%s: %s is %v, want %v", a.what, name, v[name], value)
		}
	}
	if detail, _ := v["detail"].(string); detail == "" {
		a.t.Errorf("%s: the problem has no detail", a.what)
	}
	if v["request_id"] == "" {
		a.t.Errorf("%s: no request id", a.what)
	}
	wait := status == 429 || status == 503 || code == "not_open"
	if repeated := a.header.Get("Retry-After"); wait != (repeated != "") {
		a.t.Errorf("%s: status %d with Retry-After %q; want wait = %v", a.what, status, repeated, (repeated != ""))
	}
	return v
}

// product creates a product.
func (w *harness) product(id string, stock int, more string) {
	w.t.Helper()
	w.do("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"the %s","stock":%d%s}`, id, id, stock, more)).is(201)
}

// reserve reserves units; more are further members.
func (w *harness) reserve(id, holder, more string, headers ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/products/"+id+"/reservations", fmt.Sprintf(`{"holder":%q%s}`, holder, more), headers...)
}

// dial opens a WebSocket; headers are names and values in turn.
func (w *harness) dial(path string, headers ...string) *sockettest.Peer {
	w.t.Helper()
	return sockettest.Dial(w.t, w.address, path, headers...)
}
