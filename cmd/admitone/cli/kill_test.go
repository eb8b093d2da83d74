package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/cmd/admitone/server"
)

// intent is a request that a client repeats until it is acknowledged, with the answer.
type intent struct {
	key, path, body string
	team            string // created before an entry into a tournament, "" for other intents
	holder          string // of the booked seats, "" for other intents
	pays            bool   // books seats first, and then pays the booking
	booked          string // the answer to that booking
	answer          string // "" until it is acknowledged
	acknowledged    int    // number of acknowledgements
}

// journal has the intents of all clients, across restarts of the server.
type journal struct {
	// ignorePositions allows that repeated answers differ in their positions. It is set for an EventStoreDB,
	// whose positions have gaps.
	ignorePositions bool
	mu              sync.Mutex
	intents         []*intent // guarded by mu
}

// next returns a new intent: in turn a reservation of the product hot, an entry into the tournament hot, a
// booking, and a booking with its payment.
func (j *journal) next() *intent {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := &intent{key: fmt.Sprintf("key-%d", len(j.intents))}
	switch len(j.intents) % 4 {
	case 0:
		i.path, i.body = "/v1/products/hot/reservations", `{"holder":"h-`+i.key+`"}`
	case 1:
		i.team, i.path, i.body = "team-"+i.key, "/v1/tournaments/hot/entries", `{"team_id":"team-`+i.key+`"}`
	default:
		i.bookSeats(len(j.intents))
	}
	j.intents = append(j.intents, i)
	return i
}

var positionMember = regexp.MustCompile(`"position":[0-9]+`)

// same reports whether two answers to one intent are equal.
func (j *journal) same(before, after string) bool {
	if j.ignorePositions {
		before, after = positionMember.ReplaceAllString(before, ""), positionMember.ReplaceAllString(after, "")
	}
	return before == after
}

// post sends a POST. Status 0 means that the outcome is unknown; a refusal is an error.
func post(client *http.Client, url, body, key string) (status int, answer string, err error) {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", nil // the connection broke: the outcome is unknown
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
		return 0, "", nil // truncated, or unknown
	}
	if response.StatusCode >= 300 {
		return 0, "", fmt.Errorf("%s: status %d: %s", url, response.StatusCode, text)
	}
	return response.StatusCode, string(text), nil
}

// try sends the intent once, and reports whether it was acknowledged.
func (j *journal) try(client *http.Client, url string, i *intent) (bool, error) {
	if i.team != "" {
		if status, _, err := post(client, url+"/v1/teams", fmt.Sprintf(`{"id":%q,"name":"The %s"}`, i.team, i.team),
			""); err != nil || status == 0 {
			return false, err
		}
	}
	path, body := i.path, i.body
	if i.pays {
		payment, ok, err := j.bookFirst(client, url, i)
		if err != nil || !ok {
			return false, err
		}
		path, body = payment, "{}"
	}
	status, answer, err := post(client, url+path, body, i.key)
	if err != nil || status == 0 {
		return false, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if i.acknowledged > 0 && !j.same(i.answer, answer) {
		return false, fmt.Errorf("%s is answered with %s, want the first answer, %s", i.key, answer, i.answer)
	}
	i.answer = answer
	i.acknowledged++
	return true, nil
}

// TestKill9 kills the server repeatedly under load. Every acknowledged reservation, entry, booking and
// payment is in the log exactly once, and so is every one with an unknown outcome after its retry. A
// payment in progress is completed without a request, money is conserved, and verify finds nothing.
func TestKill9(t *testing.T) {
	t.Parallel()
	killRepeatedly(t, backend{store: t.TempDir()}, killCount(8))
}

// backend is the log on which the servers run that are killed.
type backend struct {
	store string
	args  []string // additional arguments of serve
	// outage kills the process of the log and restarts it; nil if the log has none.
	outage func()
}

func killRepeatedly(t *testing.T, b backend, cycles int) {
	j := &journal{ignorePositions: server.IsRemote(b.store)}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for cycle := range cycles {
		p := launch(t, b.store, b.args...)
		if cycle == 0 {
			createHot(t, client, p.url)
		}
		acknowledgements := 5 + random.IntN(600)
		if b.outage == nil || cycle%2 == 0 {
			sellAndKill(t, j, client, p, acknowledgements, func() {})
		} else {
			sellAndKill(t, j, client, p, acknowledgements, b.outage)
		}
	}
	p := launch(t, b.store, b.args...)
	books := newAudit(t, p.url)
	books.checkRecovery(t, j)
	unknown := 0
	for _, i := range j.intents {
		if i.acknowledged == 0 {
			unknown++
		}
		if err := untilDone(func() (bool, error) { return j.try(client, p.url, i) }); err != nil {
			t.Fatalf("the retry of %s was not acknowledged: %v", i.key, err)
		}
	}
	t.Logf("%d kills, %d intents, %d of them with an unknown outcome before the retry", cycles, len(j.intents), unknown)
	checkLog(t, client, p.url, j)
	books.checkAllBooked(t, j)
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", b.store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// untilDone calls try until it returns true or an error.
func untilDone(try func() (bool, error)) error {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if ok, err := try(); ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("not done after %v", patience)
		}
	}
}

// createHot creates the product, the tournament and the performance with the id hot. The tournament has
// fewer slots than teams enter, so that the others are waitlisted.
func createHot(t *testing.T, client *http.Client, url string) {
	t.Helper()
	for path, body := range map[string]string{
		"/v1/products": `{"id":"hot","name":"Hot","stock":1000000}`,
		"/v1/tournaments": `{"id":"hot","name":"Hot","team_limit":300,"register_deadline":"9999-01-01T00:00:00Z",
			"waitlist":true}`,
		"/v1/performances": hotPerformance,
	} {
		err := untilDone(func() (bool, error) {
			status, _, err := post(client, url+path, body, "create"+path)
			return status == http.StatusCreated, err
		})
		if err != nil {
			t.Fatalf("create at %s: %v", path, err)
		}
	}
}

// sellAndKill sends intents until the given number is acknowledged, calls middle after half of them, and
// kills the server while others are in flight.
func sellAndKill(t *testing.T, j *journal, client *http.Client, p *process, acknowledged int, middle func()) {
	t.Helper()
	done := make(chan struct{})
	count := make(chan struct{})
	var crowd sync.WaitGroup
	for range 16 {
		crowd.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				ok, err := j.try(client, p.url, j.next())
				if err != nil {
					t.Error(err)
				}
				if !ok { // during an outage of the log every outcome is immediately unknown
					time.Sleep(5 * time.Millisecond)
					continue
				}
				select {
				case count <- struct{}{}:
				case <-done:
				}
			}
		})
	}
	for n := range acknowledged {
		if n == acknowledged/2 {
			middle()
		}
		<-count
	}
	p.kill()
	close(done)
	crowd.Wait()
	client.CloseIdleConnections()
}

// checkLog checks that the log has the reservations and entries of the journal, each once, and no others.
func checkLog(t *testing.T, client *http.Client, url string, j *journal) {
	t.Helper()
	granted := map[string]int{} // by reservation or team
	for _, stream := range []string{"product-hot", "tournament-hot"} {
		for next := "0"; next != ""; {
			next = countGranted(t, client, url+"/v1/streams/"+stream+"/events?limit=500&from="+next, granted)
		}
	}
	expected := 0
	for _, i := range j.intents {
		if i.holder != "" {
			continue
		}
		expected++
		id := i.team
		if id == "" {
			var answer struct{ ID string }
			if err := json.Unmarshal([]byte(i.answer), &answer); err != nil {
				t.Fatalf("%s: %v: %s", i.key, err, i.answer)
			}
			id = answer.ID
		}
		if granted[id] != 1 {
			t.Errorf("%s: %s is %d times in the log, want once", i.key, id, granted[id])
		}
	}
	if len(granted) != expected {
		t.Errorf("the log has %d reservations and entries, want %d", len(granted), expected)
	}
}

// countGranted counts the reservations and the teams on a page of a stream. It returns the first revision
// of the next page, or "" after the last page.
func countGranted(t *testing.T, client *http.Client, address string, granted map[string]int) (next string) {
	t.Helper()
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page struct {
		Items []struct {
			Type     string `json:"type"`
			Revision int64  `json:"revision"`
			Data     struct {
				ID    string   `json:"reservation_id"`
				Teams []string `json:"team_ids"`
			} `json:"data"`
		} `json:"items"`
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Items {
		switch e.Type {
		case "product.reserved.v1":
			granted[e.Data.ID]++
		case "tournament.entered.v1", "tournament.waitlisted.v1":
			for _, team := range e.Data.Teams {
				granted[team]++
			}
		}
		next = fmt.Sprint(e.Revision + 1)
	}
	return next
}
