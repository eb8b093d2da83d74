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
	newTee := client.NewProduct{ID: "tee", Name: "Tee", Stock: 3, Price: 2500, ClosesAt: time.Now().Add(time.Hour)}
	tee := product(c.CreateProduct(ctx, newTee))
	if again := product(c.CreateProduct(ctx, newTee)); !reflect.DeepEqual(again, tee) {
		t.Errorf("created again: got %+v, want %+v", again, tee)
	}
	newTee.Stock++
	_, err := c.CreateProduct(ctx, newTee)
	checkRefusal(t, err, client.CodeAlreadyExists)

	held := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "ada", Quantity: 2, Hold: new(true)}))
	if held.Status != "held" || held.ExpiresAt.IsZero() || held.Remaining != 1 {
		t.Errorf("Reserve: got %+v; want a hold with a deadline, 1 remaining", held)
	}
	replay := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "bob"}, client.Key("order-1")))
	again := reservation(c.Reserve(ctx, "tee", client.NewReservation{Holder: "bob"}, client.Key("order-1")))
	if !reflect.DeepEqual(again, replay) {
		t.Errorf("sent again: got %+v, want %+v", again, replay)
	}
	_, err = c.Reserve(ctx, "tee", client.NewReservation{Holder: "cleo"})
	if e := checkRefusal(t, err, client.CodeSoldOut); e.Remaining != 0 || e.Status != 409 {
		t.Errorf("sold out: got %+v; want status 409, 0 remaining", e)
	}
	if r := reservation(c.Confirm(ctx, "tee", held.ID)); r.Status != "confirmed" {
		t.Errorf("Confirm: got %+v, want it confirmed", r)
	}
	if r := reservation(c.Release(ctx, "tee", replay.ID)); r.Status != "released" || r.Remaining != 1 {
		t.Errorf("Release: got %+v; want it released, 1 remaining", r)
	}
	if r := reservation(c.Reservation(ctx, "tee", held.ID, client.MinPosition(held.Position))); r.Status != "confirmed" {
		t.Errorf("Reservation: got %+v, want it confirmed", r)
	}
	_, err = c.Reservation(ctx, "tee", "none")
	if e := checkRefusal(t, err, client.CodeNotFound); e.Resource != "reservation" {
		t.Errorf("an unknown reservation: got %+v, want the resource reservation", e)
	}

	edit := client.ProductEdit{Stock: new(int64(9)), ClosesAt: client.Null[time.Time]()}
	if p := product(c.EditProduct(ctx, "tee", tee.EditTag, edit)); p.Stock != 9 || !p.ClosesAt.IsZero() || p.Name != "Tee" {
		t.Errorf("edited: %+v", p)
	}
	_, err = c.EditProduct(ctx, "tee", tee.EditTag, edit)
	if e := checkRefusal(t, err, client.CodeStaleRevision); e.CurrentRevision == 0 || len(e.Changes) == 0 {
		t.Errorf("a stale edit: got %+v, want the current revision and the changes", e)
	}
	opens := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	product(c.CreateProduct(ctx, client.NewProduct{ID: "later", Name: "Later", Stock: 1, OpensAt: opens}))
	_, err = c.Reserve(ctx, "later", client.NewReservation{Holder: "ada"})
	if e := checkRefusal(t, err, client.CodeNotOpen); !e.OpensAt.Equal(opens) || e.RetryAfter == 0 {
		t.Errorf("before the opening: got %+v, want its time and a RetryAfter", e)
	}
	all := must[[]client.Product](t)(client.Collect(c.Products(ctx, client.Query("limit", "1"))))
	if len(all) != 2 || all[0].ID != "later" || all[1].ID != "tee" || all[1].Sold != 2 {
		t.Errorf("Products: got %+v; want later and tee, with 2 sold", all)
	}
	if old := product(c.Product(ctx, "tee", client.At("1"))); old.Stock != 3 || old.AsOf == nil || old.AsOf.Position != 1 {
		t.Errorf("Product as of position 1: got %+v, want a stock of 3", old)
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
		t.Error("the commands of the caller were changed, want a copy")
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
		t.Errorf("Book: got %+v; want a hold of 2000 with a deadline", b)
	}
	_, err := c.Book(ctx, "gala", client.NewBooking{Holder: "bob", Seats: []any{"A-1-2", "A-1-3"}})
	if e := checkRefusal(t, err, client.CodeSeatTaken); !slices.Equal(e.Seats, []string{"A-1-2"}) || len(e.Alternatives) == 0 {
		t.Errorf("a taken seat: got %+v; want A-1-2 taken, and alternatives", e)
	}
	_, err = c.Pay(ctx, b.ID)
	checkRefusal(t, err, client.CodeInsufficientBalance)
	if w := must[client.Wallet](t)(c.Charge(ctx, "ada", 5000)); w.Balance != 5000 {
		t.Errorf("Charge: got %+v, want a balance of 5000", w)
	}
	if e := booking(c.Extend(ctx, b.ID)); !e.Extended || !e.ExpiresAt.After(b.ExpiresAt) {
		t.Errorf("Extend: got %+v, want a later deadline", e)
	}
	if p := booking(c.Pay(ctx, b.ID)); p.Status != "booked" {
		t.Errorf("Pay: got %+v, want it booked", p)
	}
	best := booking(c.Book(ctx, "gala", client.NewBooking{Holder: "bob",
		BestAvailable: &client.BestAvailable{Quantity: 3}}))
	if len(best.Seats) != 3 {
		t.Errorf("the best available: got %+v, want 3 seats", best)
	}
	must[client.Seat](t)(c.BlockSeat(ctx, "gala", "A-2-5"))
	counts := must[client.Performance](t)(c.Performance(ctx, "gala"))
	if counts.Booked != 2 || counts.Held != 3 || counts.Blocked != 1 || len(counts.Sections) != 1 {
		t.Errorf("Performance: got %+v; want 2 booked, 3 held, 1 blocked", counts)
	}
	blocked := must[[]client.ListedSeat](t)(client.Collect(c.Seats(ctx, "gala", client.Query("status", "blocked"))))
	if len(blocked) != 1 || blocked[0].Seat != "A-2-5" || blocked[0].Status != client.SeatStatusBlocked {
		t.Errorf("Seats: got %+v, want A-2-5 blocked", blocked)
	}
	must[client.Seat](t)(c.UnblockSeat(ctx, "gala", "A-2-5"))
	if r := booking(c.Cancel(ctx, b.ID)); r.Status != "released" {
		t.Errorf("Cancel: got %+v, want it released", r)
	}
	entries := must[[]client.WalletEntry](t)(client.Collect(c.WalletEntries(ctx, "ada", client.Query("limit", "2"))))
	if len(entries) != 3 || entries[2].Kind != "refunded" || entries[2].BookingID != b.ID || entries[2].Balance != 5000 {
		t.Errorf("WalletEntries: got %+v; want 3, the last the refund to 5000", entries)
	}
	mine := must[[]client.Booking](t)(client.Collect(c.Bookings(ctx, "bob")))
	if len(mine) != 1 || mine[0].ID != best.ID {
		t.Errorf("Bookings: got %+v, want the one of bob", mine)
	}
	changes := must[[]client.SeatChange](t)(client.Collect(c.SeatChanges(ctx, "gala", client.Query("limit", "2"))))
	if len(changes) < 9 || changes[0].Was != client.SeatStatusFree {
		t.Errorf("SeatChanges: got %+v; want at least 9, the first of a free seat", changes)
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
		t.Errorf("Entries: got %+v; want otters first and another second", waiting)
	}
	if e := entered(c.Withdraw(ctx, "cup", "lynxes")); !slices.Equal(e.Promoted, []string{"otters"}) {
		t.Errorf("Withdraw: got %+v, want otters promoted", e)
	}
	if e := must[client.Entry](t)(c.Entry(ctx, "cup", "otters")); e.Status != client.EntryStatusEntered {
		t.Errorf("Entry: got %+v, want it entered", e)
	}
	larger := client.TournamentEdit{TeamLimit: new(int64(2))}
	if edited := must[client.Tournament](t)(c.EditTournament(ctx, "cup", cup.EditTag, larger)); edited.Entered != 2 {
		t.Errorf("edited: %+v", edited)
	}
	_, err = c.Enter(ctx, "none", client.NewEntry{TeamID: "otters"})
	if e := checkRefusal(t, err, client.CodeNotFound); e.Resource != "tournament" {
		t.Errorf("an unknown tournament: got %+v, want the resource tournament", e)
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
		t.Errorf("without a pass: got %+v, want the waiting room onsale", e)
	}
	visit := must[client.Visit](t)(c.Join(ctx, "onsale", "ada"))
	visit = must[client.Visit](t)(c.Wait(ctx, "onsale", visit))
	if visit.Status != "admitted" {
		t.Fatalf("Wait: got %+v, want it admitted", visit)
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
		t.Errorf("CheckReceipt: got %+v, want the reservation", event)
	}
	forged := bytes.ReplaceAll(receipt, []byte(`"ada"`), []byte(`"eve"`))
	if _, err := client.CheckReceipt(forged, head.Key); !errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("a forged receipt: got %v, want ErrBadReceipt", err)
	}
	other := must[client.LogHead](t)(newClient(t).LogHead(ctx))
	if _, err := client.CheckReceipt(receipt, other.Key); !errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("the key of a different log: got %v, want ErrBadReceipt", err)
	}
	if _, err := client.CheckReceipt(receipt, "none"); err == nil || errors.Is(err, client.ErrBadReceipt) {
		t.Errorf("an invalid key: got %v, want an error other than ErrBadReceipt", err)
	}
	log := must[[]client.Event](t)(client.Collect(c.Events(ctx, client.Query("after", "1"))))
	if len(log) != 1 || log[0].ID != event.ID {
		t.Errorf("Events: got %+v, want the reservation", log)
	}
	lines := must[[]client.HistoryLine](t)(client.Collect(c.History(ctx, "product", []string{"tee"})))
	if len(lines) != 2 {
		t.Errorf("History: got %+v, want 2 lines", lines)
	}
}

// TestWatchOfMissingTopic: a missing topic ends the watch.
func TestWatchOfMissingTopic(t *testing.T) {
	c := newClient(t)
	var last error
	for _, err := range c.Watch(t.Context(), "product:none") {
		last = err
	}
	if topic := (*client.TopicError)(nil); !errors.Is(last, client.CodeNotFound) || !errors.As(last, &topic) ||
		topic.Topic != "product:none" {
		t.Errorf("a missing topic: got %v, want a TopicError", last)
	}
	last = nil
	for _, err := range c.Watch(t.Context()) {
		last = err
	}
	if last == nil {
		t.Error("a watch of no topics has no error")
	}
}
