package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/cmd/admitone/server"
)

// damageTables overwrites the middle of all tables in a folder, even if they are open.
func damageTables(t *testing.T, dir string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables in %s: %v; want at least one table", dir, err)
	}
	for _, name := range tables {
		text := contents(t, name)
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		// The end of the table, with its index, stays intact: the server may have read it already.
		if _, err := file.Write([]byte(strings.Repeat("x", len(text)*2/3))); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
}

// get sends a GET and returns the status and the code of the answer. It fails the test if there is none.
func (p *process) get(t *testing.T, path string) (status int, code string) {
	t.Helper()
	answer, err := http.Get(p.url + path)
	if err != nil {
		t.Fatalf("GET %s: %v; want an answer\nthe server's output: %s", path, err, p.stderr)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem struct{ Code string }
	_ = json.Unmarshal(body, &problem)
	return answer.StatusCode, problem.Code
}

// TestDamagedViewsOfRunningServer: a GET of a damaged view does not end the process; it is answered
// when the view has been rebuilt.
func TestDamagedViewsOfRunningServer(t *testing.T) {
	dir := t.TempDir()
	s := serveSigned(t, dir)
	for i := range 500 {
		appendSales(t, s.Log, fmt.Sprint("p", i), 1)
	}
	s.sell("1")
	s.end()
	p := launch(t, dir)
	damageTables(t, filepath.Join(dir, server.ViewsFolder))
	deadline := time.Now().Add(patience)
	for _, path := range []string{"/v1/products/p77", "/v1/products?limit=100", "/v1/products/1", "/", "/v1/products/p499",
		"/readyz"} {
		for {
			status, code := p.get(t, path)
			if status == http.StatusOK {
				break
			}
			if code != "projection_behind" && path != "/" || time.Now().After(deadline) {
				t.Fatalf("%s: %d, %s; want status 200 after projection_behind", path, status, code)
			}
			time.Sleep(20 * time.Millisecond) // shorter than Retry-After
		}
	}
	p.kill()
	must(t, exitDone, "verify", "--store", dir)
}

// TestDamagedLogOfRunningServer: damage of the log fails /readyz from the first read of it.
func TestDamagedLogOfRunningServer(t *testing.T) {
	dir := soldLog(t, 2000)
	p := launch(t, dir)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // shorter than Retry-After
		status, code := p.get(t, "/readyz")
		if status == http.StatusOK {
			break
		}
		if code != "projection_behind" || time.Now().After(end) {
			t.Fatalf("/readyz before the damage: %d, %s; want status 200 after projection_behind", status, code)
		}
	}
	damageTables(t, filepath.Join(dir, "log"))
	if status, code := p.get(t, "/v1/events?limit=100&after=600"); status != http.StatusServiceUnavailable ||
		code != "log_unavailable" {
		t.Errorf("the events: %d, %s; want status 503 and %q", status, code, "log_unavailable")
	}
	for range 3 {
		if status, code := p.get(t, "/readyz"); status != http.StatusServiceUnavailable || code != "log_unavailable" {
			t.Errorf("/readyz: %d, %s; want status 503 and %q", status, code, "log_unavailable")
		}
	}
	if status, code := p.get(t, "/v1/products/1"); status != http.StatusOK {
		t.Errorf("the intact part: %d, %s; want status 200", status, code)
	}
}
