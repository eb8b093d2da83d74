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

// openingCrowd returns the number of clients of TestOpeningCrowd, and the time before the opening at which
// they start: ADMITONE_OPENING clients and 10 s, or 150 clients and 2 s.
func openingCrowd(t *testing.T) (clients int, before time.Duration) {
	text := os.Getenv("ADMITONE_OPENING")
	if text == "" {
		return 150, 2 * time.Second
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 20_000 {
		t.Fatalf("ADMITONE_OPENING is %q, want a number from 1 to 20,000", text)
	}
	return n, 10 * time.Second
}

// TestOpeningCrowd: from before the opening of a sale, each client sends a request every second over its own
// connection. No request succeeds before the opening; afterwards as many succeed as there are units of a
// product and seats of a hall. The test logs the time from the opening to the first sale.
func TestOpeningCrowd(t *testing.T) {
	clients, before := openingCrowd(t)
	p := launch(t, t.TempDir())
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: clients,
		DialContext: (&net.Dialer{KeepAlive: -1}).DialContext}}
	defer client.CloseIdleConnections()
	setup := before / 4 // until the clients start
	opens := time.Now().Add(before + setup).UTC().Truncate(time.Millisecond)
	seats := clients / 4
	for path, body := range map[string]string{
		"products": fmt.Sprintf(`{"id":"tee","name":"Tee","stock":%d,"opens_at":%q}`, seats, events.FormatTime(opens)),
		"performances": fmt.Sprintf(`{"id":"gala","title":"G","venue":"V","starts_at":"2999-01-01T20:00:00Z","opens_at":%q,
			"hold_seconds":3600,"sections":[{"id":"A","rows":1,"seats_per_row":%d,"price":100}]}`, events.FormatTime(opens), seats),
	} {
		if status, _, err := post(client, p.url+"/v1/"+path, body, ""); err != nil || status == 0 {
			t.Fatalf("create %s: status %d, %v; want success", path, status, err)
		}
	}
	time.Sleep(setup)
	crowd := &openingClients{t: t, client: client, url: p.url, seats: seats}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { crowd.ask(i) })
	}
	all.Wait()
	got := crowd.granted.Load()
	t.Logf("%d clients from %s before: %d requests were too early, and %d had no answer; %d of %d places were "+
		"given out", clients, before, crowd.early.Load(), crowd.unanswered.Load(), got, 2*seats)
	if crowd.early.Load() == 0 || got != int64(2*seats) {
		t.Errorf("%d requests were too early and %d succeeded, want some and %d", crowd.early.Load(), got, 2*seats)
	}
	first := firstSales(t, p.url)
	for _, category := range []string{events.ProductCategory, events.BookingCategory} {
		after := first[category].Sub(opens)
		t.Logf("the first %s was sold %.1f ms after the opening", category, float64(after.Microseconds())/1000)
		if first[category].IsZero() || after < 0 {
			t.Errorf("the first %s was sold at %v, want a sale after the opening at %v", category, first[category], opens)
		}
	}
}

// openingClients request units or seats from before the opening of a sale on.
type openingClients struct {
	t          *testing.T
	client     *http.Client
	url        string
	seats      int          // in the hall
	early      atomic.Int64 // requests refused before the opening
	granted    atomic.Int64
	unanswered atomic.Int64
}

// ask repeats the request of one client until it is granted, sold out or taken.
func (c *openingClients) ask(i int) {
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
			c.t.Errorf("client %d is answered %d %s, want 201, 429, 503, or a refusal that the sale has not opened or is sold out",
				i, status, text)
			return
		}
	}
	c.t.Errorf("client %d has no final answer after %v", i, patience)
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
