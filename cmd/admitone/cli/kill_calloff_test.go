package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"admitone/events"
)

// calledOffBookings returns the number of bookings in TestKillCallOff: ADMITONE_CALLED_OFF, or 200.
func calledOffBookings(t *testing.T) int {
	text := os.Getenv("ADMITONE_CALLED_OFF")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 50_000 {
		t.Fatalf("ADMITONE_CALLED_OFF is %q, want a number from 1 to 50,000", text)
	}
	return n
}

// callOffAnswer is a server's answer about a cancellation.
type callOffAnswer struct {
	Status                       string
	Holders, Count, Unpaid, Paid int64
	Left                         int64
	Refunds                      []struct {
		Method, Provider, Currency string
		Count, Amount              int64
	}
	Affected []struct {
		ID, Holder, Method string
		Refund             int64
	}
	Next *string
}

// callOff sends a request for the cancellation of the performance hot; ok is false if there is no answer.
func callOff(client *http.Client, method, url, query string) (v callOffAnswer, ok bool, err error) {
	request, err := http.NewRequest(method, url+"/v1/performances/hot/cancellation"+query, nil)
	if err != nil {
		return v, false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return v, false, nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 500 {
		return v, false, nil
	}
	if response.StatusCode >= 300 {
		return v, false, fmt.Errorf("%s: status %d: %s", request.URL, response.StatusCode, text)
	}
	return v, true, json.Unmarshal(text, &v)
}

// affectedHolders reads all pages of a cancellation. It returns their bookings and sums as one text, which
// can be compared, and the first page.
func affectedHolders(t *testing.T, client *http.Client, method, url, query string) (text string, first callOffAnswer) {
	t.Helper()
	ids := map[string]bool{}
	for cursor := ""; ; {
		v, ok, err := callOff(client, method, url, query+"&limit=500"+cursor)
		if err != nil || !ok {
			t.Fatalf("%s of the cancellation: no answer: %v", method, err)
		}
		if cursor == "" {
			first = v
		}
		for _, a := range v.Affected {
			text += fmt.Sprintln(a.ID, a.Holder, a.Method, a.Refund)
			ids[a.ID] = true
		}
		if v.Next == nil {
			break
		}
		cursor = "&cursor=" + *v.Next
	}
	if int64(len(ids)) != first.Count {
		t.Errorf("%d bookings are listed, want the count %d", len(ids), first.Count)
	}
	return text + fmt.Sprint(first.Holders, first.Count, first.Unpaid, first.Paid, first.Refunds), first
}

// TestKillCallOff kills the server repeatedly while it cancels the bookings of a performance. Every holder
// is refunded once, the dry run and the outcome have the same holders and sums, and verify finds nothing.
func TestKillCallOff(t *testing.T) {
	t.Parallel()
	n, store := calledOffBookings(t), t.TempDir()
	p := launch(t, store, "--currency", "EUR")
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	must := func(path, body string) string {
		status, answer, err := post(client, p.url+path, body, "")
		if err != nil || status == 0 {
			t.Fatalf("POST %s: no answer: %v", path, err)
		}
		return answer
	}
	must("/v1/performances", `{"id":"hot","title":"Hot","venue":"Hall","starts_at":"2999-01-01T20:00:00Z",
		"hold_seconds":3600,"sections":[{"id":"A","rows":100,"seats_per_row":1000,"price":100}]}`)
	sellAll(t, client, p.url, n)
	planned, before := affectedHolders(t, client, http.MethodPost, p.url, "?dry_run=true")
	if before.Count != int64(n) || before.Status != "planned" || before.Left != int64(n) {
		t.Fatalf("the dry run is %s with %d bookings, %d left; want planned, %d and %[4]d",
			before.Status, before.Count, before.Left, n)
	}
	must("/v1/performances/hot/cancellation", `{"reason":"ill"}`)
	midway := 0
	for range killCount(3) {
		if left := waitForProgress(t, client, p.url); left > 0 && left < int64(n) {
			midway++
		}
		p.kill()
		p = launch(t, store, "--currency", "EUR")
	}
	waitForEnd(t, client, p.url)
	t.Logf("%d bookings, %d kills during the sweep", n, midway)
	ended, _ := affectedHolders(t, client, http.MethodGet, p.url, "?")
	if planned != ended {
		t.Errorf("the outcome is\n%.300s\nwant that of the dry run\n%.300s", ended, planned)
	}
	checkCalledOff(t, p, n)
	p.kill()
	runVerify(t, exitDone, "--store", store)
}

// sellAll makes n bookings of one seat each: of ten, seven are paid from wallets, two are paid externally,
// and one stays held.
func sellAll(t *testing.T, client *http.Client, url string, n int) {
	t.Helper()
	var sellers sync.WaitGroup
	numbers := make(chan int)
	for range 8 {
		sellers.Go(func() {
			for i := range numbers {
				if err := sellOne(client, url, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	sellers.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func sellOne(client *http.Client, url string, i int) error {
	do := func(path, body string) (answer string, err error) {
		status, answer, err := post(client, url+path, body, "")
		if err == nil && status == 0 {
			err = fmt.Errorf("%s: no answer", path)
		}
		return answer, err
	}
	holder := fmt.Sprint("h", i/2)
	answer, err := do("/v1/performances/hot/bookings", fmt.Sprintf(`{"holder":%q,"seats":["A-%d-%d"]}`, holder, 1+i/1000,
		1+i%1000))
	if err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		return err
	}
	body := "{}"
	switch i % 10 {
	case 0:
		return nil
	case 1, 2:
		body = fmt.Sprintf(`{"method":"external","provider":"bank","reference":"r%d","amount":100,"currency":"EUR"}`, i)
	default:
		if _, err := do("/v1/wallets/"+holder+"/charges", `{"amount":100}`); err != nil {
			return err
		}
	}
	_, err = do("/v1/bookings/"+made.ID+"/payment", body)
	return err
}

// waitForProgress waits until the sweep has made progress, and returns the remaining number.
func waitForProgress(t *testing.T, client *http.Client, url string) (left int64) {
	t.Helper()
	first := int64(-1)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		v, ok, err := callOff(client, http.MethodGet, url, "?limit=1")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !ok:
		case first < 0:
			first = v.Left
		case v.Left < first || v.Left == 0:
			return v.Left
		}
	}
	t.Fatalf("the sweep made no progress within %v", patience)
	return 0
}

// waitForEnd waits for the end of the sweep, as long as it makes progress.
func waitForEnd(t *testing.T, client *http.Client, url string) {
	t.Helper()
	least := int64(math.MaxInt64)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		v, ok, err := callOff(client, http.MethodGet, url, "?limit=1")
		switch {
		case err != nil || time.Now().After(end):
			t.Fatalf("the cancellation is %+v, %v; want it done, or progress within %v", v, err, patience)
		case ok && v.Status == "done" && v.Left == 0:
			return
		case ok && v.Left < least:
			least, end = v.Left, time.Now().Add(patience)
		}
	}
}

// checkCalledOff checks that there are n bookings, all of them cancelled, that every debit of a wallet is
// refunded, and that no process is open.
func checkCalledOff(t *testing.T, p *process, n int) {
	t.Helper()
	a := newAudit(t, p.url)
	a.read(t)
	if open := a.verifier.Open(); len(open) > 0 {
		t.Errorf("%d processes are open, want none: %.3q", len(open), open)
	}
	if money := a.verifier.Money(); money.Balance != money.Charged || money.Refunded != money.Debited {
		t.Errorf("the wallets add up to %+v, want the balance charged, and everything debited refunded", money)
	}
	for id, b := range a.bookings {
		if b.Status != events.BookingIsCancelled {
			t.Errorf("the booking %s is %s, want %s", id, b.Status, events.BookingIsCancelled)
		}
	}
	if len(a.bookings) != n {
		t.Errorf("the log has %d bookings, want %d", len(a.bookings), n)
	}
}
