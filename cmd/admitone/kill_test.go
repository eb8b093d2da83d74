package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// killCycles is how often TestKill9 kills the server.
const killCycles = 24

// binary is the program built from this source, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "admitone-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "admitone")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

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

// intent is one reservation that a client wants, and what it has heard of it.
type intent struct {
	key, id      string // id once acknowledged
	position     uint64
	acknowledged int
}

// journal is what the clients know; it survives the server.
type journal struct {
	mu      sync.Mutex
	intents []*intent // guarded by mu
}

func (j *journal) next() *intent {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := &intent{key: fmt.Sprintf("key-%d", len(j.intents))}
	j.intents = append(j.intents, i)
	return i
}

// reservationAnswer is what the tests read of an answer.
type reservationAnswer struct {
	ID       string `json:"id"`
	Holder   string `json:"holder"`
	Position uint64 `json:"position"`
}

// try posts the intent once; true means it was acknowledged.
func (j *journal) try(client *http.Client, url string, i *intent) (bool, error) {
	request, err := http.NewRequest(http.MethodPost, url+"/v1/products/hot/reservations", strings.NewReader(`{"holder":"h-`+i.key+`"}`))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", i.key)
	response, err := client.Do(request)
	if err != nil {
		return false, nil // the connection broke: the outcome is unknown
	}
	defer response.Body.Close()
	if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
		return false, nil
	}
	if response.StatusCode != http.StatusCreated {
		body, _ := io.ReadAll(response.Body)
		return false, fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	var answer reservationAnswer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return false, nil // cut off in the middle
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if i.acknowledged > 0 && (i.id != answer.ID || i.position != answer.Position) {
		return false, fmt.Errorf("%s was answered with %s at %d and then with %s at %d", i.key, i.id, i.position, answer.ID, answer.Position)
	}
	i.id, i.position = answer.ID, answer.Position
	i.acknowledged++
	return true, nil
}

// TestKill9 kills the real server again and again under load. Every acknowledged
// reservation is in the log exactly once, a retry of an unknown one does not sell
// twice, and verify finds nothing.
func TestKill9(t *testing.T) {
	store := t.TempDir()
	j := &journal{}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for cycle := range killCycles {
		p := launch(t, store)
		if cycle == 0 {
			createHot(t, client, p.url)
		}
		kill := 5 + random.IntN(600) // after that many acknowledgements
		crowd(t, j, client, p, kill)
	}
	p := launch(t, store)
	unknown := 0
	for _, i := range j.intents {
		if i.acknowledged == 0 {
			unknown++
		}
		if ok, err := j.try(client, p.url, i); err != nil || !ok {
			t.Fatalf("the retry of %s was not acknowledged: %v", i.key, err)
		}
	}
	t.Logf("%d kills, %d reservations, %d of them with an unknown outcome before the retry", killCycles, len(j.intents), unknown)
	checkLog(t, client, p.url, j)
	p.kill()
	if status := run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify ended with status %d", status)
	}
}

func createHot(t *testing.T, client *http.Client, url string) {
	t.Helper()
	response, err := client.Post(url+"/v1/products", "application/json", strings.NewReader(`{"id":"hot","name":"Hot","stock":1000000}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("create: status %d", response.StatusCode)
	}
}

// crowd sends reservations until so many are acknowledged, and kills the server
// while others are still on their way.
func crowd(t *testing.T, j *journal, client *http.Client, p *process, acknowledged int) {
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
				if ok {
					select {
					case count <- struct{}{}:
					case <-done:
					}
				}
			}
		})
	}
	for range acknowledged {
		<-count
	}
	p.kill()
	close(done)
	crowd.Wait()
	client.CloseIdleConnections()
}

// checkLog reads the product's stream and compares it with the journal.
func checkLog(t *testing.T, client *http.Client, url string, j *journal) {
	t.Helper()
	sold := map[string]int{}
	next := "0"
	for next != "" {
		response, err := client.Get(url + "/v1/streams/product-hot/events?limit=500&from=" + next)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Items []struct {
				Type     string `json:"type"`
				Revision int64  `json:"revision"`
				Data     struct {
					ID string `json:"reservation_id"`
				} `json:"data"`
			} `json:"items"`
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		next = ""
		for _, e := range page.Items {
			if e.Type == "product.reserved.v1" {
				sold[e.Data.ID]++
			}
			next = fmt.Sprint(e.Revision + 1)
		}
	}
	for _, i := range j.intents {
		if sold[i.id] != 1 {
			t.Errorf("%s: reservation %s stands %d times in the log", i.key, i.id, sold[i.id])
		}
	}
	if len(sold) != len(j.intents) {
		t.Errorf("the log has %d reservations, the clients wanted %d", len(sold), len(j.intents))
	}
}
