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

// patience bounds each wait of a test. It is far longer than a wait takes, even on a busy machine.
const patience = time.Minute

// harness is a complete server on a port of its own, with a log in a temporary folder.
type harness struct {
	t        testing.TB
	dir      string
	config   Config
	desks    actors.Config
	routes   func(*Server)
	frames   time.Duration     // projections.Config.FrameEvery
	blind    bool              // the views don't follow the log
	patience time.Duration     // how long queries wait for the views; 0 means patience
	signed   bool              // the log has a Merkle tree, so the server has receipts
	delivers bool              // deliver events to webhooks
	sweeps   bool              // run sweeps, and resume bookings
	faster   int               // webhooks.Config.Faster; 0 means 1000
	provider payments.Provider // of payments; nil for none
	refunds  bool              // request refunds from provider
	tree     *merkle.Tree
	keys     *pass.Keyring                   // of passes; nil means new ones
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

// newHarness starts a harness, after it has applied the changes.
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
			t.Errorf("got the server's log\n%s\nwant no panic and no unknown error in it", log)
		}
	})
	return w
}

// must fails the test if err is not nil.
func (w *harness) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start starts the server, with the log and the files of the previous one.
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
	desks.Kinds = []core.Kind{ // those without routes
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
		w.tree, err = merkle.Open(context.Background(),
			merkle.Config{Store: w.store, Dir: filepath.Join(w.dir, "tree"), Key: key, Logger: logger})
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
	cursorCtx, stopCursors := context.WithCancel(ctx)
	var running sync.WaitGroup
	if w.sweeps {
		running.Go(func() { config.Sweeps.Run(cursorCtx) })
		running.Go(func() {
			w.views.RunUnfinished(cursorCtx, func(ctx context.Context, id events.BookingID) error {
				return process.Resume(ctx, bookings.Origin{ID: actors.NewCommandID(), Actor: "system"}, id)
			})
		})
	}
	if w.delivers {
		running.Go(func() { config.Webhooks.Run(cursorCtx) })
	}
	if config.Payments != nil {
		running.Go(func() { config.Payments.Run(cursorCtx) })
	}
	w.background.Go(func() { w.views.RunDeadlines(ctx, desk.Wake) })
	end, err := w.store.Head(ctx)
	w.must(err)
	w.background.Go(func() { w.server.Listen(listener, end) })
	w.cancel = func() {
		limit, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := w.server.Shutdown(limit); err != nil {
			w.t.Errorf("Shutdown: %v, want no error", err)
		}
		stopCursors()
		running.Wait()
		process.Wait()
		config.Rooms.Close()
		if err := desk.Close(limit); err != nil {
			w.t.Errorf("closing the desk: %v, want no error", err)
		}
		cancel()
	}
}

// stop stops the server. It does nothing if the server is stopped.
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

// answer is the response to a request, or the answer to a command of a batch.
type answer struct {
	t      testing.TB
	what   string // the request, for messages
	status int
	header http.Header
	text   string
}

// do sends a request. headers alternates names and values. Headers with an empty value are not sent.
func (w *harness) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.doWith(w.client, method, path, body, headers...)
}

// doWith is do with another client.
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

// excerpt returns the beginning of s, for messages.
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
		a.t.Fatalf("%s: got status %d, want %d: %s", a.what, a.status, status, excerpt(a.text))
	}
	var v map[string]any
	if a.text != "" {
		if err := json.Unmarshal([]byte(a.text), &v); err != nil {
			a.t.Fatalf("%s: got the error %v, want none, for the body %s", a.what, err, excerpt(a.text))
		}
	}
	return v
}

// problem checks that the answer is a problem document (RFC 9457) with a status and a code, and returns it.
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
			a.t.Errorf("%s: got %s = %v, want %v", a.what, name, v[name], value)
		}
	}
	if detail, _ := v["detail"].(string); detail == "" {
		a.t.Errorf("%s: got a problem without detail, want one with it", a.what)
	}
	if v["request_id"] == "" {
		a.t.Errorf("%s: got an empty request_id", a.what)
	}
	wait := status == 429 || status == 503 || code == "not_open"
	if after := a.header.Get("Retry-After"); wait != (after != "") {
		a.t.Errorf("%s: got status %d with Retry-After %q; want the header: %v", a.what, status, after, wait)
	}
	return v
}

// product creates a product. more are further members.
func (w *harness) product(id string, stock int, more string) {
	w.t.Helper()
	w.do("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"the %s","stock":%d%s}`, id, id, stock, more)).is(201)
}

// reserve reserves units of a product. more are further members.
func (w *harness) reserve(id, holder, more string, headers ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/products/"+id+"/reservations", fmt.Sprintf(`{"holder":%q%s}`, holder, more), headers...)
}

// dial opens a WebSocket. headers alternates names and values.
func (w *harness) dial(path string, headers ...string) *sockettest.Peer {
	w.t.Helper()
	return sockettest.Dial(w.t, w.address, path, headers...)
}
