package cli

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// openingCrowd returns the number of clients of TestOpeningCrowd, and how long before the opening
// they start: ADMITONE_OPENING clients from 10 s before, or a few.
func openingCrowd(t *testing.T) (clients int, before time.Duration) {
	given := os.Getenv("ADMITONE_OPENING")
	if given == "" {
		return 150, 2 * time.Second
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > 20_000 {
		t.Fatalf("ADMITONE_OPENING is a number from 1 to 20,000, and not %q", given)
	}
	return n, 10 * time.Second
}

// TestOpeningCrowd: clients send a request every second, each over its own connection, since before
// a sale opens. None succeeds before that time, and then as many as there are units of a product
// and seats of a hall. It prints the time from the opening to the first sale.
func TestOpeningCrowd(t *testing.T) {
	clients, before := openingCrowd(t)
	p := launch(t, t.TempDir())
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: clients,
		DialContext: (&net.Dialer{KeepAlive: -1}).DialContext}}
	defer client.CloseIdleConnections()
	warm := before / 4 // for connecting
	opens := time.Now().Add(before + warm).UTC().Truncate(time.Millisecond)
	seats := clients / 4
	for path, body := range map[string]string{
		"products": fmt.Sprintf(`{"id":"tee","name":"Tee","stock":%d,"opens_at":%q}`, seats, events.FormatTime(opens)),
		"performances": fmt.Sprintf(`{"id":"gala","title":"G","venue":"V","starts_at":"2999-01-01T20:00:00Z","opens_at":%q,
			"hold_seconds":3600,"sections":[{"id":"A","rows":1,"seats_per_row":%d,"price":100}]}`, events.FormatTime(opens), seats),
	} {
		if status, _, err := post(client, p.url+"/v1/"+path, body, ""); err != nil || status == 0 {
			t.Fatalf("%s: %v; want status > 0", path, err)
		}
	}
	time.Sleep(warm)
	crowd := &crowdBefore{t: t, client: client, url: p.url, seats: seats}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { crowd.ask(i) })
	}
	all.Wait()
	got := crowd.granted.Load()
	t.Logf("%d clients from %s before: %d requests were too early, and %d had no answer; %d of %d places were "+
		"given out", clients, before, crowd.early.Load(), crowd.unanswered.Load(), got, 2*seats)
	if crowd.early.Load() == 0 || got != int64(2*seats) {
		t.Errorf("%d were too early, and %d got a place of %d", crowd.early.Load(), got, 2*seats)
	}
	first := firstSales(t, p.url)
	for _, category := range []string{events.ProductCategory, events.BookingCategory} {
		after := first[category].Sub(opens)
		t.Logf("the first %s was sold %.1f ms after the opening", category, float64(after.Microseconds())/1000)
		if first[category].IsZero() || after < 0 {
			t.Errorf("first sale at %v, want none before the opening at %v", first[category], opens)
		}
	}
}

// crowdBefore requests units or seats of a sale that has not opened.
type crowdBefore struct {
	t              *testing.T
	client         *http.Client
	url            string
	seats          int // number of seats
	early, granted atomic.Int64
	unanswered     atomic.Int64
}

// ask retries for one client until an answer is final.
func (c *crowdBefore) ask(i int) {
	path, body := "/v1/products/tee/reservations", fmt.Sprintf(`{"holder":"h%d"}`, i)
	if i%2 == 1 {
		path, body = "/v1/performances/gala/bookings", fmt.Sprintf(`{"holder":"h%d","seats":["A-1-%d"]}`, i, 1+i/2%c.seats)
	}
	request := func() (status int, text string, err error) {
		r, err := http.NewRequest(http.MethodPost, c.url+path, strings.NewReader(body))
		if err != nil {
			return 0, "", err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprint("client-", i)) // for retries without an answer
		response, err := c.client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		read, err := io.ReadAll(response.Body)
		return response.StatusCode, string(read), err
	}
	time.Sleep(rand.N(time.Second))
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Second) {
		status, text, err := request()
		switch {
		case err != nil:
			c.unanswered.Add(1)
		case status == http.StatusCreated:
			c.granted.Add(1)
			return
		case strings.Contains(text, `"not_open"`):
			c.early.Add(1)
		case strings.Contains(text, `"sold_out"`), strings.Contains(text, `"seat_taken"`):
			return
		case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
			c.t.Errorf("answer = %d %s, want 201, 429 or 503", status, text)
			return
		}
	}
	c.t.Error("a client never got an answer")
}

// firstSales returns the time of the first sale of each category in the log.
func firstSales(t *testing.T, url string) map[string]time.Time {
	t.Helper()
	log, err := remote.New(url, "")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	first := map[string]time.Time{}
	for e, err := range events.All(t.Context(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != (&events.ProductReserved{}).Name() && e.Type != (&events.BookingHeld{}).Name() {
			continue
		}
		meta, err := events.ParseMetadata(e.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		if at := first[e.Stream.Category()]; at.IsZero() || meta.At.Before(at) {
			first[e.Stream.Category()] = meta.At
		}
	}
	return first
}
