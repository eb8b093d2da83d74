package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// killCycles is how often TestKill9 kills the server.
const killCycles = 24

// binaryDir is where binary has put the program, "" before.
var binaryDir string

// binary is the program built from this source, once for all tests.
var binary = sync.OnceValues(func() (path string, err error) {
	if binaryDir, err = os.MkdirTemp("", "admitone-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(binaryDir, "admitone")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// TestMain takes the program away again: it outlives the test that builds it.
func TestMain(m *testing.M) {
	status := m.Run()
	if binaryDir != "" {
		os.RemoveAll(binaryDir)
	}
	os.Exit(status)
}

// process is a server in a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
}

// launch starts the real binary on a free port and waits until it says where.
func launch(t *testing.T, store string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--store", store, "--access-log=false"}, args...)...)}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v\n%s", err, log)
	}
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, "/")
	p.url = "http://" + address
	go io.Copy(io.Discard, stdout)
	return p
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	p.cmd.Wait()
}

// intent is one thing that a client wants, and what it has heard of it.
type intent struct {
	key, path, body string
	// team must be there before, "" for none.
	team string
	// holder of the seats that are wanted, "" if it is something else; if they are to
	// be paid as well, booked is the answer to the booking before.
	holder, booked string
	pays           bool
	answer         string // once acknowledged
	acknowledged   int
}

// journal is what the clients know; it survives the server.
type journal struct {
	// loose: the position in an answer may be any from its event's on, because the
	// log's positions have gaps.
	loose   bool
	mu      sync.Mutex
	intents []*intent // guarded by mu
}

// next makes an intent: a reservation of the hot product, an entry into the hot
// tournament, seats, and seats that are paid for, in turn.
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
		i.wantSeats(len(j.intents))
	}
	j.intents = append(j.intents, i)
	return i
}

var positionMember = regexp.MustCompile(`"position":[0-9]+`)

func (j *journal) same(before, after string) bool {
	if j.loose {
		before, after = positionMember.ReplaceAllString(before, ""), positionMember.ReplaceAllString(after, "")
	}
	return before == after
}

// post sends a request; status 0 means that nobody knows what came of it.
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
		return 0, "", nil // cut off in the middle, or unknown
	}
	if response.StatusCode >= 300 {
		return 0, "", fmt.Errorf("%s: status %d: %s", url, response.StatusCode, text)
	}
	return response.StatusCode, string(text), nil
}

// try posts the intent once; true means it was acknowledged.
func (j *journal) try(client *http.Client, url string, i *intent) (bool, error) {
	if i.team != "" {
		if status, _, err := post(client, url+"/v1/teams", fmt.Sprintf(`{"id":%q,"name":"The %s"}`, i.team, i.team), ""); err != nil || status == 0 {
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
		return false, fmt.Errorf("%s was answered with %s and then with %s", i.key, i.answer, answer)
	}
	i.answer = answer
	i.acknowledged++
	return true, nil
}

// TestKill9 kills the real server again and again under load. Every acknowledged
// reservation, entry, booking and payment is in the log exactly once, a retry of an
// unknown one does not count twice, a payment that was under way comes to an end by
// itself, money is conserved, and verify finds nothing.
func TestKill9(t *testing.T) {
	t.Parallel()
	killAgainAndAgain(t, backend{store: t.TempDir()}, killCycles)
}

// backend is where the servers that are killed have their log.
type backend struct {
	store string
	args  []string // of serve, besides
	// outage ends the log's own process and starts it anew; nil if it has none.
	outage func()
}

func killAgainAndAgain(t *testing.T, b backend, cycles int) {
	j := &journal{loose: elsewhere(b.store)}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for cycle := range cycles {
		p := launch(t, b.store, b.args...)
		if cycle == 0 {
			createHot(t, client, p.url)
		}
		kill := 5 + random.IntN(600) // after that many acknowledgements
		if b.outage == nil || cycle%2 == 0 {
			rushAndKill(t, j, client, p, kill, func() {})
		} else {
			rushAndKill(t, j, client, p, kill, b.outage)
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
	t.Logf("%d kills, %d wishes, %d of them with an unknown outcome before the retry", cycles, len(j.intents), unknown)
	checkLog(t, client, p.url, j)
	books.checkAllBooked(t, j)
	p.kill()
	if status := run(context.Background(), []string{"verify", "--store", b.store}); status != exitDone {
		t.Errorf("verify ended with status %d", status)
	}
}

// untilDone tries something until nobody is unsure any more what came of it: a server
// that is busy says so, and is asked again.
func untilDone(try func() (bool, error)) error {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if ok, err := try(); ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return errors.New("no answer for a long time")
		}
	}
}

// createHot makes what everybody wants. Few of the teams get a slot; the others wait.
func createHot(t *testing.T, client *http.Client, url string) {
	t.Helper()
	for path, body := range map[string]string{
		"/v1/products":     `{"id":"hot","name":"Hot","stock":1000000}`,
		"/v1/tournaments":  `{"id":"hot","name":"Hot","team_limit":300,"register_deadline":"9999-01-01T00:00:00Z","waitlist":true}`,
		"/v1/performances": hotSeats,
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

// rushAndKill sends what clients want until so many are acknowledged, has something
// happen in the middle, and kills the server while others are still on their way.
func rushAndKill(t *testing.T, j *journal, client *http.Client, p *process, acknowledged int, middle func()) {
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
				if !ok { // while the log is away every command is unknown at once
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

// checkLog reads the reservations and entries that were given out and compares them
// with the journal.
func checkLog(t *testing.T, client *http.Client, url string, j *journal) {
	t.Helper()
	given := map[string]int{} // by reservation or team
	for _, stream := range []string{"product-hot", "tournament-hot"} {
		for next := "0"; next != ""; {
			next = readGiven(t, client, url+"/v1/streams/"+stream+"/events?limit=500&from="+next, given)
		}
	}
	wanted := 0
	for _, i := range j.intents {
		if i.holder != "" {
			continue
		}
		wanted++
		what := i.team
		if what == "" {
			var answer struct{ ID string }
			if err := json.Unmarshal([]byte(i.answer), &answer); err != nil {
				t.Fatalf("%s: %v: %s", i.key, err, i.answer)
			}
			what = answer.ID
		}
		if given[what] != 1 {
			t.Errorf("%s: %s stands %d times in the log", i.key, what, given[what])
		}
	}
	if len(given) != wanted {
		t.Errorf("the log has %d reservations and entries, the clients wanted %d", len(given), wanted)
	}
}

// readGiven counts what a page of a stream gave out, and returns where the next page
// begins, "" behind the last.
func readGiven(t *testing.T, client *http.Client, address string, given map[string]int) (next string) {
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
			given[e.Data.ID]++
		case "tournament.entered.v1", "tournament.waitlisted.v1":
			for _, team := range e.Data.Teams {
				given[team]++
			}
		}
		next = fmt.Sprint(e.Revision + 1)
	}
	return next
}
