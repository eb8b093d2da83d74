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

	"github.com/fasthttp/websocket"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom/pass"
	"admitone/actors/wallet"
	"admitone/api/contacts"
	"admitone/events/embedded"
	"admitone/events/merkle"
	"admitone/projections"
)

// patience bounds a wait. It measures nothing: what works needs a moment of it, and on
// a machine that is busy with other things some more.
const patience = time.Minute

// world is a whole server on a port of its own, over a log in a temporary folder.
type world struct {
	t        testing.TB
	dir      string
	config   Config
	desks    actors.Config
	routes   func(*Server)
	frames   time.Duration // projections.Config.FrameEvery
	blind    bool          // the views don't follow the log
	patience time.Duration // how long questions wait for the views; 0 is until they are there
	signed   bool          // the log has a tree, which gives receipts
	tree     *merkle.Tree
	keys     *pass.Ring                      // those of passes; new ones if nil
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

// newWorld starts one; change may adjust it before.
func newWorld(t testing.TB, change ...func(*world)) *world {
	w := &world{t: t, dir: t.TempDir(), config: Config{Auth: OpenAuth{}}, log: &record{}, access: &record{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	for _, f := range change {
		f(w)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		if log := w.log.String(); strings.Contains(log, "panicked") || strings.Contains(log, "nobody thought of") {
			t.Errorf("the server's log has a bug in it:\n%s", log)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
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
	desks.Kinds = []actors.Kind{
		{Category: product.Category, New: product.New, SnapshotVersion: product.SnapshotVersion},
		{Category: team.Category, New: team.New, SnapshotVersion: team.SnapshotVersion},
		{Category: tournament.Category, New: tournament.New, SnapshotVersion: tournament.SnapshotVersion},
		{Category: performance.Category, New: performance.New, SnapshotVersion: performance.SnapshotVersion},
		{Category: seat.Category, New: seat.New, SnapshotVersion: seat.SnapshotVersion},
		{Category: booking.Category, New: booking.New, SnapshotVersion: booking.SnapshotVersion},
		{Category: wallet.Category, New: wallet.New, SnapshotVersion: wallet.SnapshotVersion},
		{Category: allowance.Category, New: allowance.New, SnapshotVersion: allowance.SnapshotVersion},
		admission.Kind,
	}
	desk := actors.NewDesk(engine, desks)
	config := w.config
	process := bookings.New(desk, w.views.TakenSeats)
	config.Bookings = process
	w.contacts, err = contacts.Open(filepath.Join(w.dir, "contacts"))
	w.must(err)
	config.Contacts = w.contacts
	if w.keys == nil {
		w.keys, err = pass.NewRing(pass.NewKey(1))
		w.must(err)
	}
	config.Rooms = admission.New(admission.Config{Desk: desk, Keys: w.keys, Logger: logger})
	config.Desk, config.Views, config.Store, config.Logger, config.AccessLog = desk, w.views, w.store, logger, w.access
	if w.signed {
		key, err := merkle.NewKey(make([]byte, merkle.SeedSize), w.store.Epoch())
		w.must(err)
		w.tree, err = merkle.Open(context.Background(), merkle.Config{Store: w.store, Dir: filepath.Join(w.dir, "tree"), Key: key, Logger: logger})
		w.must(err)
		config.Proofs = w.tree
	}
	w.server = New(config)
	w.server.patience = cmp.Or(w.patience, patience)
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
	w.background.Go(func() { w.views.RunDeadlines(ctx, desk.Wake) })
	w.background.Go(func() { w.server.Listen(listener) })
	w.cancel = func() {
		limit, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := w.server.Shutdown(limit); err != nil {
			w.t.Errorf("shutdown: %v", err)
		}
		process.Wait()
		config.Rooms.Close()
		if err := desk.Close(limit); err != nil {
			w.t.Errorf("close the desk: %v", err)
		}
		cancel()
	}
}

func (w *world) stop() {
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
func (w *world) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.doWith(w.client, method, path, body, headers...)
}

func (w *world) doWith(client *http.Client, method, path, body string, headers ...string) answer {
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
		w.t.Fatalf("%s %s: %v", method, path, err)
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

// is checks the status and returns the body.
func (a answer) is(status int) map[string]any {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, excerpt(a.text))
	}
	var v map[string]any
	if a.text != "" {
		if err := json.Unmarshal([]byte(a.text), &v); err != nil {
			a.t.Fatalf("%s: %v: %s", a.what, err, excerpt(a.text))
		}
	}
	return v
}

// problem checks that the answer is a problem of RFC 9457 with that code.
func (a answer) problem(status int, code string) map[string]any {
	a.t.Helper()
	v := a.is(status)
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Errorf("%s: Content-Type %q", a.what, kind)
	}
	want := map[string]any{"type": "about:blank#" + code, "title": http.StatusText(status), "status": float64(status),
		"code": code, "request_id": a.header.Get("X-Request-Id")}
	for name, value := range want {
		if v[name] != value {
			a.t.Errorf("%s: %s is %v, want %v", a.what, name, v[name], value)
		}
	}
	if detail, _ := v["detail"].(string); detail == "" {
		a.t.Errorf("%s: no detail", a.what)
	}
	if v["request_id"] == "" {
		a.t.Errorf("%s: no request id", a.what)
	}
	if again := a.header.Get("Retry-After"); (status == 429 || status == 503) != (again != "") {
		a.t.Errorf("%s: status %d with Retry-After %q", a.what, status, again)
	}
	return v
}

// product puts one on sale.
func (w *world) product(id string, stock int, more string) {
	w.t.Helper()
	w.do("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"the %s","stock":%d%s}`, id, id, stock, more)).is(201)
}

// reserve takes units; more are further fields.
func (w *world) reserve(id, holder, more string, headers ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/products/"+id+"/reservations", fmt.Sprintf(`{"holder":%q%s}`, holder, more), headers...)
}

// peer is a WebSocket client.
type peer struct {
	t    testing.TB
	conn *websocket.Conn
}

// frame is what a server sends.
type frame struct {
	Event string
	Data  json.RawMessage
}

// data of a product topic's frame or an error.
type data struct {
	Topic, Epoch, Cause, Code, Detail string
	ID, Name                          any
	Position, Previous                int64
	Remaining, Held, Sold, Stock      int64
	Change, Count                     int64
}

func (w *world) dial(path string, headers ...string) *peer {
	w.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	conn, response, err := websocket.DefaultDialer.Dial("ws://"+w.address+path, h)
	if err != nil {
		w.t.Fatalf("dial %s: %v (%v)", path, err, response)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &peer{w.t, conn}
}

func (p *peer) say(text string) {
	p.t.Helper()
	if err := p.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next frame.
func (p *peer) hear() (frame, data) {
	p.t.Helper()
	f, d, err := p.listen()
	if err != nil {
		p.t.Fatal(err)
	}
	return f, d
}

func (p *peer) listen() (f frame, d data, err error) {
	p.conn.SetReadDeadline(time.Now().Add(patience))
	_, text, err := p.conn.ReadMessage()
	if err != nil {
		return f, d, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, d, fmt.Errorf("%w: %s", err, text)
	}
	if len(f.Data) > 0 && f.Data[0] == '{' {
		err = json.Unmarshal(f.Data, &d)
	}
	return f, d, err
}

// hears checks the next frame's event.
func (p *peer) hears(event string) data {
	p.t.Helper()
	f, d := p.hear()
	if f.Event != event {
		p.t.Fatalf("heard %s %s, want %s", f.Event, f.Data, event)
	}
	return d
}

// complains checks that the next frame is an error with that code.
func (p *peer) complains(code string) data {
	p.t.Helper()
	d := p.hears("error")
	if d.Code != code || d.Detail == "" {
		p.t.Fatalf("heard the error %q (%s), want %q", d.Code, d.Detail, code)
	}
	return d
}

// ends reads to the end of the connection and checks the close code.
func (p *peer) ends(code int) (frames int) {
	p.t.Helper()
	for {
		_, _, err := p.listen()
		if err == nil {
			frames++
			continue
		}
		if !websocket.IsCloseError(err, code) {
			p.t.Fatalf("the connection ended with %v after %d frames, want close code %d", err, frames, code)
		}
		return frames
	}
}
