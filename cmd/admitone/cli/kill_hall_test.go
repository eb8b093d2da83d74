package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// The size of the hall: the zone A has hallRows rows of hallRowSeats seats, and the area floor has hallFloor
// places.
const (
	hallRows, hallRowSeats = 12, 10
	hallFloor              = 150
)

// hallPlan returns the seating plan of the hall.
func hallPlan() string {
	rows := make([]string, hallRows)
	for r := range rows {
		seats := make([]string, hallRowSeats)
		for n := range seats {
			seats[n] = fmt.Sprintf(`{"seat_guid":"%d-%d","seat_number":"%[2]d","category":"Seat",
				"position":{"x":%[3]d,"y":0}}`, r+1, n+1, 10*n)
		}
		rows[r] = fmt.Sprintf(`{"row_number":"%d","position":{"x":0,"y":%d},"seats":[%s]}`, r+1, 10*r,
			strings.Join(seats, ","))
	}
	return fmt.Sprintf(`{"id":"hall","name":"Hall","size":{"width":100,"height":200},"categories":[{"name":"Seat"},
		{"name":"Floor"}],"zones":[{"name":"A","rows":[%s]},{"name":"Pit","rows":[],"areas":[{"id":"floor",
		"capacity":%d,"category":"Floor"}]}]}`, strings.Join(rows, ","), hallFloor)
}

// hallOrder is a client's order of seats and places, with the answers to its requests.
type hallOrder struct {
	key, body string
	seats     []events.SeatName
	places    int64
	// The steps after the booking, in this order: pay it, return one place, return everything.
	pays, returns, ends bool
	booked              string // the booking in the answer
	id                  events.BookingID
	// The acknowledged outcomes: the booking was refused, or the steps succeeded.
	refused, paid, returned, ended bool
}

// hallSale has the orders of all clients and the organiser's changes.
type hallSale struct {
	mu     sync.Mutex
	random *rand.Rand   // guarded by mu
	orders []*hallOrder // guarded by mu
	// Only the organiser's goroutine uses sizes and blocks while it runs. Each has the acknowledged state
	// first and, after a request with an unknown outcome, the requested state.
	sizes  []int64           // of the floor
	blocks []map[string]bool // the blocked rows, and "floor"
}

// next returns a new order of one to three adjacent seats and one to three places.
func (h *hallSale) next() *hallOrder {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &hallOrder{key: fmt.Sprint("hall-", len(h.orders)), places: 1 + h.random.Int64N(3)}
	row, first := 1+h.random.IntN(hallRows), 1+h.random.IntN(hallRowSeats-2)
	for n := range 1 + h.random.IntN(3) {
		o.seats = append(o.seats, events.SeatName(fmt.Sprintf("A-%d-%d", row, first+n)))
	}
	seats, _ := json.Marshal(o.seats)
	o.body = fmt.Sprintf(`{"holder":"h-%s","seats":%s,"areas":{"floor":%d}}`, o.key, seats, o.places)
	o.pays = h.random.IntN(4) > 0
	o.returns = o.pays && h.random.IntN(2) == 0
	o.ends = len(h.orders) > 200 || h.random.IntN(4) > 0 // from the 201st order on all end, so that seats stay available
	h.orders = append(h.orders, o)
	return o
}

// request sends one request; status 0 means that the outcome is unknown.
func (h *hallSale) request(client *http.Client, method, url, body string, header ...string) (status int,
	answer []byte) {
	request, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	text := bytes.Buffer{}
	if _, err := text.ReadFrom(response.Body); err != nil || response.StatusCode >= 500 ||
		response.StatusCode == http.StatusTooManyRequests {
		return 0, nil
	}
	return response.StatusCode, text.Bytes()
}

// try takes the remaining steps of an order, and reports whether all of them were answered.
func (h *hallSale) try(client *http.Client, url string, o *hallOrder) (bool, error) {
	if o.refused {
		return true, nil
	}
	status, answer := h.request(client, http.MethodPost, url+"/v1/performances/hall/bookings", o.body,
		"Idempotency-Key", o.key)
	switch {
	case status == 0:
		return false, nil
	case status == http.StatusConflict && o.booked == "":
		o.refused = true
		return true, nil
	case status != http.StatusCreated || o.booked != "" && o.booked != string(answer):
		return false, fmt.Errorf("%s: answer %d %s; want 201, and the first answer if there was one: %s",
			o.key, status, answer, o.booked)
	}
	var made struct{ ID events.BookingID }
	if err := json.Unmarshal(answer, &made); err != nil {
		return false, err
	}
	o.booked, o.id = string(answer), made.ID
	steps := []struct {
		wanted             bool
		done               *bool
		method, path, body string
	}{
		{o.pays, nil, http.MethodPost, "/v1/wallets/h-" + o.key + "/charges", `{"amount":1000}`},
		{o.pays, &o.paid, http.MethodPost, "/v1/bookings/" + string(o.id) + "/payment", `{}`},
		{o.returns, &o.returned, http.MethodDelete, "/v1/bookings/" + string(o.id) + "/areas/floor/1", ""},
		{o.ends, &o.ended, http.MethodDelete, "/v1/bookings/" + string(o.id), ""},
	}
	for i, step := range steps {
		if !step.wanted {
			continue
		}
		key := []string{"Idempotency-Key", fmt.Sprint(o.key, "/", i)}
		if step.method == http.MethodDelete {
			key = nil
		}
		status, answer := h.request(client, step.method, url+step.path, step.body, key...)
		if status == 0 {
			return false, nil
		}
		if status >= 300 {
			return false, fmt.Errorf("%s %s of %s: %d %s, want success", step.method, step.path, o.key, status, answer)
		}
		if step.done != nil {
			*step.done = true
		}
	}
	return true, nil
}

// organise changes the size of the floor or the blocks once; ok is false without an answer.
func (h *hallSale) organise(client *http.Client, url string) (ok bool, err error) {
	if len(h.sizes)+len(h.blocks) > 2 { // an outcome is unknown, since the server was killed
		return false, nil
	}
	h.mu.Lock()
	change, size, row := h.random.IntN(4), 20+h.random.Int64N(hallFloor-19), fmt.Sprint("A-", 1+h.random.IntN(hallRows))
	h.mu.Unlock()
	at := url + "/v1/performances/hall"
	switch change {
	case 0, 1:
		status, answer := h.request(client, http.MethodGet, at, "")
		var now struct {
			EditTag string `json:"edit_tag"`
		}
		if status == 0 || json.Unmarshal(answer, &now) != nil {
			return false, nil
		}
		h.sizes = append(h.sizes[:1], size)
		status, answer = h.request(client, http.MethodPatch, at, fmt.Sprintf(`{"areas":{"floor":%d}}`, size), "If-Match",
			fmt.Sprintf("%q", now.EditTag))
		h.sizes, ok, err = settle(h.sizes, status, answer)
		return ok, err
	case 2:
		blocked := maps.Clone(h.blocks[0])
		blocked["floor"], blocked[row] = true, true
		h.blocks = append(h.blocks[:1], blocked)
		status, answer := h.request(client, http.MethodPut, at+"/blocks",
			fmt.Sprintf(`{"label":"press","rows":[%q],"areas":{"floor":5}}`, row))
		h.blocks, ok, err = settle(h.blocks, status, answer)
		return ok, err
	}
	h.blocks = append(h.blocks[:1], map[string]bool{})
	status, answer := h.request(client, http.MethodDelete, at+"/blocks?label=press", "")
	h.blocks, ok, err = settle(h.blocks, status, answer)
	return ok, err
}

// settle returns the possible states after a request to change states[0] to states[1]: the second if the
// request succeeded, the first if it was refused, and both if there was no answer.
func settle[S any](states []S, status int, answer []byte) (_ []S, ok bool, err error) {
	switch {
	case status == 0:
		return states, false, nil
	case status == http.StatusOK:
		return states[1:], true, nil
	case status == http.StatusConflict || status == http.StatusPreconditionFailed:
		return states[:1], true, nil
	}
	return states, true, fmt.Errorf("the organiser's request: %d %s; want 200, 409 or 412", status, answer)
}

// TestKillHall kills the server repeatedly while seats and standing places are booked, paid and returned,
// and while the organiser resizes the floor and blocks rows. At every prefix of the log nothing is
// oversold. An acknowledged request is in the log, and any other one is in it completely or not at all.
func TestKillHall(t *testing.T) {
	t.Parallel()
	store, client := t.TempDir(), &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := &hallSale{random: rand.New(rand.NewPCG(seed, 1)), sizes: []int64{hallFloor}, blocks: []map[string]bool{{}}}
	p := launch(t, store)
	for _, made := range [][2]string{{"/v1/plans", hallPlan()}, {"/v1/performances", `{"id":"hall","title":"H",
		"venue":"V","plan":"hall","starts_at":"2999-01-01T20:00:00Z","hold_seconds":3600,"prices":{"Seat":30,"Floor":20}}`}} {
		if status, answer := askUntilKnown(client, p.url+made[0], made[1], "made"); status != http.StatusCreated {
			t.Fatalf("POST %s: status %d, %s; want 201", made[0], status, answer)
		}
	}
	books := newAudit(t, p.url)
	for range killCount(3) {
		h.sellAndKill(t, client, p, 20+h.random.IntN(120))
		runVerify(t, exitDone, "--store", store)
		p = launch(t, store)
		var err error
		if books.server, err = remote.New(p.url, ""); err != nil {
			t.Fatal(err)
		}
		h.check(t, client, p.url, books)
	}
	for _, o := range h.orders {
		if err := untilDone(func() (bool, error) { return h.try(client, p.url, o) }); err != nil {
			t.Fatal(err)
		}
	}
	h.check(t, client, p.url, books)
	h.checkAll(t, books)
	p.kill()
	runVerify(t, exitDone, "--store", store)
}

// sellAndKill runs eight clients and the organiser until a number of orders is done, and kills the server
// while other orders are in flight.
func (h *hallSale) sellAndKill(t *testing.T, client *http.Client, p *process, orders int) {
	t.Helper()
	done, count := make(chan struct{}), make(chan struct{})
	var crowd sync.WaitGroup
	work := func(once func() (bool, error), counts bool) {
		crowd.Go(func() {
			for {
				ok, err := once()
				if err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
				if !ok {
					time.Sleep(5 * time.Millisecond)
				} else if counts {
					select {
					case count <- struct{}{}:
					case <-done:
						return
					}
				}
			}
		})
	}
	for range 8 {
		work(func() (bool, error) { return h.try(client, p.url, h.next()) }, true)
	}
	work(func() (bool, error) { return h.organise(client, p.url) }, false)
	for range orders {
		<-count
	}
	p.kill()
	close(done)
	crowd.Wait()
	client.CloseIdleConnections()
}

// check checks that unfinished processes are completed without a request, that every rule holds at
// every prefix of the log, and that everything acknowledged is in it.
func (h *hallSale) check(t *testing.T, client *http.Client, url string, books *audit) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		books.read(t)
		if open := books.verifier.Open(); len(open) == 0 {
			break
		} else if time.Since(start) > patience {
			t.Fatalf("%q are still open after %v, want none", open, patience)
		}
	}
	for _, o := range h.orders {
		b := books.bookings[string(o.id)]
		switch {
		case o.id == "":
		case b == nil || b.Holder != events.Holder("h-"+o.key) || b.Status == "":
			t.Errorf("the log has %+v, want the acknowledged booking of %s", b, o.key)
		case o.ended && b.Status != events.BookingIsReleased, o.paid && !o.ends && b.Status != events.BookingIsBooked:
			t.Errorf("%s (acknowledged: paid %t, ended %t) is %s in the log, want the acknowledged state",
				o.key, o.paid, o.ended, b.Status)
		case o.returned && events.CountPlaces(b.Areas) != o.places-1:
			t.Errorf("%s has the places %+v after a return, want %d", o.key, b.Areas, o.places-1)
		}
	}
	var last string
	if err := untilDone(func() (bool, error) {
		var ok bool
		ok, last = h.matches(client, url)
		return ok, nil
	}); err != nil {
		t.Fatalf("the server answers %s; want one of the sizes %v and one of the blocks %v", last, h.sizes, h.blocks)
	}
}

// matches reports whether floor and blocks are in a state that the organiser expects, and retains only
// that state.
func (h *hallSale) matches(client *http.Client, url string) (ok bool, what string) {
	status, show := h.request(client, http.MethodGet, url+"/v1/performances/hall", "")
	other, blocks := h.request(client, http.MethodGet, url+"/v1/performances/hall/blocks", "")
	var now struct{ Areas []struct{ Capacity int64 } }
	var list []struct {
		Seats []events.SeatName
		Areas map[string]int64
	}
	what = fmt.Sprintf("%d %.300s, %d %s", status, show, other, blocks)
	if json.Unmarshal(show, &now) != nil || json.Unmarshal(blocks, &list) != nil || len(now.Areas) != 1 ||
		len(list) > 1 {
		return false, what
	}
	blocked := map[string]bool{} // as in blocks
	for _, l := range list {
		if len(l.Seats)%hallRowSeats != 0 || l.Areas["floor"] != 5 {
			return false, what
		}
		blocked["floor"] = true
		for _, seat := range l.Seats {
			blocked[string(seat[:strings.LastIndexByte(string(seat), '-')])] = true
		}
		if len(blocked) != 1+len(l.Seats)/hallRowSeats {
			return false, what
		}
	}
	size := slices.Index(h.sizes, now.Areas[0].Capacity)
	block := slices.IndexFunc(h.blocks, func(b map[string]bool) bool { return maps.Equal(b, blocked) })
	if size < 0 || block < 0 {
		return false, what
	}
	h.sizes, h.blocks = h.sizes[size:size+1], h.blocks[block:block+1]
	return true, what
}

// checkAll checks, once all requests are answered, that each order that was not refused has a complete
// booking.
func (h *hallSale) checkAll(t *testing.T, books *audit) {
	t.Helper()
	made, returned, ended := 0, 0, 0
	for _, o := range h.orders {
		if o.refused {
			continue
		}
		made++
		remaining := o.places
		if o.returned {
			returned++
			remaining--
		}
		if o.ended {
			ended++
		}
		if b := books.bookings[string(o.id)]; len(b.Seats) != len(o.seats) || events.CountPlaces(b.Areas) != remaining {
			t.Errorf("%s has %+v, want the seats %v and %d places", o.key, b, o.seats, remaining)
		}
	}
	t.Logf("%d orders, %d of them booked, %d returned a place, %d ended", len(h.orders), made, returned, ended)
	if made != len(books.bookings) || ended == 0 || returned == 0 || made == len(h.orders) {
		t.Errorf("the log has %d bookings, want %d, with some orders ended (%d), with a place returned (%d), and refused (%d)",
			len(books.bookings), made, ended, returned, len(h.orders)-made)
	}
}
