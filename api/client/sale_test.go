package client_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"admitone/api/client"
)

// must returns a value, and fails the test if there is an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// checkRefusal fails the test unless err is a refusal with this code, a request id and a detail. It returns the error.
func checkRefusal(t *testing.T, err error, code client.Code) *client.Error {
	t.Helper()
	e := (*client.Error)(nil)
	if !errors.Is(err, code) || !errors.As(err, &e) || e.RequestID == "" || e.Detail == "" {
		t.Fatalf("%v (%+v), want %s", err, e, code)
	}
	return e
}

// TestProducts sells a product through the client.
func TestProducts(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	product, reservation := must[client.Product](t), must[client.Reservation](t)
	wanted := client.NewProduct{ID: "tee", Name: "Tee", Stock: 3, Price: 2500, ClosesAt: time.Now().Add(time.Hour)}
	tee := product(c.CreateProduct(ctx, wanted))
	if again := product(c.CreateProduct(ctx, wanted)); !reflect.DeepEqual(again, tee) {
		t.Errorf("made again: %+v, want %+v", again, tee)
	}
	wanted.Stock++
	_, err := c.CreateProduct(ctx, wanted)
	checkRefusal(t, err, client.CodeAlreadyExists)

	held := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "ada", Quantity: 2, Hold: new(true)}))
	if held.Status != "held" || held.ExpiresAt.IsZero() || held.Remaining != 1 {
		t.Errorf("held: %+v", held)
	}
	replay := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "bob"}, client.Key("order-1")))
	again := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "bob"}, client.Key("order-1")))
	if !reflect.DeepEqual(again, replay) {
		t.Errorf("sent again: %+v, want %+v", again, replay)
	}
	_, err = c.Reserve(ctx, "tee", client.NewReservation{Holder: "cleo"})
	if e := checkRefusal(t, err, client.CodeSoldOut); e.Remaining != 0 || e.Status != 409 {
		t.Errorf("sold out: %+v", e)
	}
	if r := reservation(c.Confirm(ctx, "tee", held.ID)); r.Status != "confirmed" {
		t.Errorf("confirmed: %+v", r)
	}
	if r := reservation(c.Release(ctx, "tee", replay.ID)); r.Status != "released" || r.Remaining != 1 {
		t.Errorf("released: %+v", r)
	}
	if r := reservation(c.Reservation(ctx, "tee", held.ID, client.MinPosition(held.Position))); r.Status != "confirmed" {
		t.Errorf("read: %+v", r)
	}
	_, err = c.Reservation(ctx, "tee", "none")
	if e := checkRefusal(t, err, client.CodeNotFound); e.Resource != "reservation" {
		t.Errorf("not found: %+v", e)
	}

	edit := client.ProductEdit{Stock: new(int64(9)), ClosesAt: client.Null[time.Time]()}
	if p := product(c.EditProduct(ctx, "tee", tee.EditTag, edit)); p.Stock != 9 || !p.ClosesAt.IsZero() || p.Name != "Tee" {
		t.Errorf("edited: %+v", p)
	}
	_, err = c.EditProduct(ctx, "tee", tee.EditTag, edit)
	if e := checkRefusal(t, err, client.CodeStaleRevision); e.CurrentRevision == 0 || len(e.Changes) == 0 {
		t.Errorf("stale: %+v", e)
	}
	opens := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	product(c.CreateProduct(ctx, client.NewProduct{ID: "later", Name: "Later", Stock: 1, OpensAt: opens}))
	_, err = c.Reserve(ctx, "later", client.NewReservation{Holder: "ada"})
	if e := checkRefusal(t, err, client.CodeNotOpen); !e.OpensAt.Equal(opens) || e.RetryAfter == 0 {
		t.Errorf("not open: %+v", e)
	}
	all := must[[]client.Product](t)(client.Collect(c.Products(ctx, client.Query("limit", "1"))))
	if len(all) != 2 || all[0].ID != "later" || all[1].ID != "tee" || all[1].Sold != 2 {
		t.Errorf("the list: %+v", all)
	}
	if old := product(c.Product(ctx, "tee", client.At("1"))); old.Stock != 3 || old.AsOf == nil || old.AsOf.Position != 1 {
		t.Errorf("the past: %+v", old)
	}
}

// TestBatches sends commands together, each of which is answered separately.
func TestBatches(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	must[client.Product](t)(c.CreateProduct(ctx, client.NewProduct{ID: "tee", Name: "Tee", Stock: 1}))
	commands := []client.BatchCommand{
		{Method: "POST", Path: "/v1/products/tee/reservations", Body: client.NewReservation{Holder: "ada"}},
		{Method: "POST", Path: "/v1/products/tee/reservations", Body: client.NewReservation{Holder: "bob"}},
	}
	answers := must[[]client.BatchAnswer](t)(c.Batch(ctx, commands))
	if len(answers) != 2 || answers[0].Err() != nil || !errors.Is(answers[1].Err(), client.CodeSoldOut) {
		t.Errorf("got %+v; want 2 answers, answers[0].Err() = nil, errors.Is(answers[1].Err(), client.CodeSoldOut)",
			answers)
	}
	if commands[0].IdempotencyKey != "" {
		t.Error("the commands of the caller were changed")
	}
}

// TestSeats books, pays and returns numbered seats through the client.
func TestSeats(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	booking := must[client.Booking](t)
	must[client.Performance](t)(c.CreatePerformance(ctx, client.NewPerformance{ID: "gala", Title: "Gala", Venue: "Hall",
		StartsAt: time.Now().Add(24 * time.Hour),
		Sections: []client.NewSection{{ID: "A", Rows: 2, SeatsPerRow: 5, Price: 1000}}}))
	b := booking(c.Book(ctx, "gala", client.NewBooking{Holder: "ada", Seats: []any{"A-1-1", "A-1-2"}}))
	if b.Status != "held" || b.Amount != 2000 || b.ExpiresAt.IsZero() {
		t.Errorf("booked: %+v", b)
	}
	_, err := c.Book(ctx, "gala", client.NewBooking{Holder: "bob", Seats: []any{"A-1-2", "A-1-3"}})
	if e := checkRefusal(t, err, client.CodeSeatTaken); !slices.Equal(e.Seats, []string{"A-1-2"}) || len(e.Alternatives) == 0 {
		t.Errorf("taken: %+v", e)
	}
	_, err = c.Pay(ctx, b.ID)
	checkRefusal(t, err, client.CodeInsufficientBalance)
	if w := must[client.Wallet](t)(c.Charge(ctx, "ada", 5000)); w.Balance != 5000 {
		t.Errorf("charged: %+v", w)
	}
	if e := booking(c.Extend(ctx, b.ID)); !e.Extended || !e.ExpiresAt.After(b.ExpiresAt) {
		t.Errorf("extended: %+v", e)
	}
	if p := booking(c.Pay(ctx, b.ID)); p.Status != "booked" {
		t.Errorf("paid: %+v", p)
	}
	best := booking(c.Book(ctx, "gala", client.NewBooking{Holder: "bob",
		BestAvailable: &client.BestAvailable{Quantity: 3}}))
	if len(best.Seats) != 3 {
		t.Errorf("the best: %+v", best)
	}
	must[client.Seat](t)(c.BlockSeat(ctx, "gala", "A-2-5"))
	counts := must[client.Performance](t)(c.Performance(ctx, "gala"))
	if counts.Booked != 2 || counts.Held != 3 || counts.Blocked != 1 || len(counts.Sections) != 1 {
		t.Errorf("the counts: %+v", counts)
	}
	blocked := must[[]client.ListedSeat](t)(client.Collect(c.Seats(ctx, "gala", client.Query("status", "blocked"))))
	if len(blocked) != 1 || blocked[0].Seat != "A-2-5" || blocked[0].Status != client.SeatStatusBlocked {
		t.Errorf("blocked: %+v", blocked)
	}
	must[client.Seat](t)(c.UnblockSeat(ctx, "gala", "A-2-5"))
	if r := booking(c.Cancel(ctx, b.ID)); r.Status != "released" {
		t.Errorf("returned: %+v", r)
	}
	entries := must[[]client.WalletEntry](t)(client.Collect(c.WalletEntries(ctx, "ada", client.Query("limit", "2"))))
	if len(entries) != 3 || entries[2].Kind != "refunded" || entries[2].BookingID != b.ID || entries[2].Balance != 5000 {
		t.Errorf("the wallet: %+v", entries)
	}
	mine := must[[]client.Booking](t)(client.Collect(c.Bookings(ctx, "bob")))
	if len(mine) != 1 || mine[0].ID != best.ID {
		t.Errorf("the bookings of bob: %+v", mine)
	}
	changes := must[[]client.SeatChange](t)(client.Collect(c.SeatChanges(ctx, "gala", client.Query("limit", "2"))))
	if len(changes) < 9 || changes[0].Was != client.SeatStatusFree {
		t.Errorf("the changes: %+v", changes)
	}
}

// TestTournaments enters and withdraws teams through the client.
func TestTournaments(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	entered := must[client.Entered](t)
	cup := must[client.Tournament](t)(c.CreateTournament(ctx, client.NewTournament{ID: "cup", Name: "Cup", TeamLimit: 1,
		RegisterDeadline: time.Now().Add(time.Hour), Waitlist: true}))
	for _, id := range []string{"lynxes", "otters", "cranes"} {
		must[client.Team](t)(c.CreateTeam(ctx, client.NewTeam{ID: id, Name: "The " + id}))
		entered(c.Enter(ctx, "cup", client.NewEntry{TeamID: id}))
	}
	_, err := c.Enter(ctx, "cup", client.NewEntry{TeamID: "otters"})
	checkRefusal(t, err, client.CodeAlreadyEntered)
	waiting := must[[]client.Entry](t)(client.Collect(c.Entries(ctx, "cup", client.Query("status", "waitlisted"))))
	if len(waiting) != 2 || waiting[0].TeamID != "otters" || waiting[1].Place != 2 {
		t.Errorf("waiting: %+v", waiting)
	}
	if e := entered(c.Withdraw(ctx, "cup", "lynxes")); !slices.Equal(e.Promoted, []string{"otters"}) {
		t.Errorf("withdrawn: %+v", e)
	}
	if e := must[client.Entry](t)(c.Entry(ctx, "cup", "otters")); e.Status != client.EntryStatusEntered {
		t.Errorf("promoted: %+v", e)
	}
	larger := client.TournamentEdit{TeamLimit: new(int64(2))}
	if edited := must[client.Tournament](t)(c.EditTournament(ctx, "cup", cup.EditTag, larger)); edited.Entered != 2 {
		t.Errorf("edited: %+v", edited)
	}
	_, err = c.Enter(ctx, "none", client.NewEntry{TeamID: "otters"})
	if e := checkRefusal(t, err, client.CodeNotFound); e.Resource != "tournament" {
		t.Errorf("no tournament: %+v", e)
	}
}

// TestWaitingRooms waits in a line through the client.
func TestWaitingRooms(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	settings := client.NewWaitingRoom{AdmitPerSecond: 100, MaxActive: 9, ActiveSeconds: 60, HeartbeatSeconds: 30}
	must[client.WaitingRoom](t)(c.CreateWaitingRoom(ctx, "onsale", settings))
	settings.MaxActive = 8
	must[client.WaitingRoom](t)(c.SetWaitingRoom(ctx, "onsale", "1", settings))
	must[client.Product](t)(c.CreateProduct(ctx, client.NewProduct{ID: "tee", Name: "Tee", Stock: 1, WaitingRoom: "onsale"}))
	_, err := c.Reserve(ctx, "tee", client.NewReservation{Holder: "ada"})
	if e := checkRefusal(t, err, client.CodePassRequired); e.WaitingRoom != "onsale" {
		t.Errorf("no pass: %+v", e)
	}
	visit := must[client.Visit](t)(c.Join(ctx, "onsale", "ada"))
	visit = must[client.Visit](t)(c.Wait(ctx, "onsale", visit))
	if visit.Status != "admitted" {
		t.Fatalf("the visit: %+v", visit)
	}
	must[client.Reservation](t)(c.Reserve(ctx, "tee", client.NewReservation{Holder: "ada"}, client.Pass(visit.Pass)))
}

// TestReceipts: a receipt is checked with only the key, as admitone receipt check does.
func TestReceipts(t *testing.T) {
	c, ctx := newClient(t), t.Context()
	must[client.Product](t)(c.CreateProduct(ctx, client.NewProduct{ID: "tee", Name: "Tee", Stock: 1}))
	r := must[client.Reservation](t)(c.Reserve(ctx, "tee", client.NewReservation{Holder: "ada"}))
	receipt := must[[]byte](t)(c.ReservationReceipt(ctx, "tee", r.ID))
	head := must[client.LogHead](t)(c.LogHead(ctx))
	event := must[client.Event](t)(client.CheckReceipt(receipt, head.Key))
	if event.Position != r.Position || event.Stream != "product-tee" || event.Type != "product.reserved.v1" {
		t.Errorf("the event: %+v", event)
	}
	forged := bytes.ReplaceAll(receipt, []byte(`"ada"`), []byte(`"eve"`))
	if _, err := client.CheckReceipt(forged, head.Key); !errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("a forged receipt: %v", err)
	}
	other := must[client.LogHead](t)(newClient(t).LogHead(ctx))
	if _, err := client.CheckReceipt(receipt, other.Key); !errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("the key of a different log: %v", err)
	}
	if _, err := client.CheckReceipt(receipt, "none"); err == nil || errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("no key: %v", err)
	}
	log := must[[]client.Event](t)(client.Collect(c.Events(ctx, client.Query("after", "1"))))
	if len(log) != 1 || log[0].ID != event.ID {
		t.Errorf("the log: %+v", log)
	}
	lines := must[[]client.HistoryLine](t)(client.Collect(c.History(ctx, "product", []string{"tee"})))
	if len(lines) != 2 {
		t.Errorf("the history: %+v", lines)
	}
}

// TestWatchOfNothing: a missing topic ends the watch.
func TestWatchOfNothing(t *testing.T) {
	c := newClient(t)
	var last error
	for _, err := range c.Watch(t.Context(), "product:none") {
		last = err
	}
	if topic := (*client.TopicError)(nil); !errors.Is(last, client.CodeNotFound) || !errors.As(last, &topic) ||
		topic.Topic != "product:none" {
		t.Errorf("a missing topic: %v", last)
	}
	last = nil
	for _, err := range c.Watch(t.Context()) {
		last = err
	}
	if last == nil {
		t.Error("a watch of no topics has no error")
	}
}
