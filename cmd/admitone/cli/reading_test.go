package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/projections/history"
)

// TestReadingCommands: each command prints the expected output, and the same with --store as with --url.
func TestReadingCommands(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	s.sell("2")
	appendSales(t, s.Log, "big", 600)
	fromServer := map[string]string{}
	for _, test := range []struct {
		args  string
		want  int
		lines int
		texts []string // expected in the output
	}{
		{"log", 0, 611, []string{"     1  20", "product-1@0  product.created.v2  anyone  {\"product_id\":\"1\"",
			`product-1@2  product.reserved.v1  bob "the hat" ☂  {`}},
		{"log --stream product-2", 0, 5, []string{"product-2@4  product.released.v1"}},
		{"log --stream product-2 --after 8", 0, 2, []string{"     9  20", "    10  20"}},
		{"log --stream product-none", 0, 0, []string{"no event matches"}},
		{"log --stream product/2", 2, 0, []string{"--stream product-2?"}},
		{"log --type product.held.v1", 0, 2, []string{"product.held.v1"}},
		{"log --type product.reserved --limit 3", 0, 3, []string{"product-2@1"}},
		{"log --type product.res", 2, 0, []string{`no event is of type "product.res"`, "product.reserved.v1"}},
		{"log --since 1h --limit 2", 0, 2, []string{"product-1@1"}},
		{"log --since 2000-01-01T00:00:00Z --after 9 --limit 1", 0, 1, []string{"    10  20"}},
		{"log --since 9999-01-01T00:00:00Z", 0, 0, []string{"no event matches"}},
		{"log --json --limit 600", 0, 600, []string{`"specversion":"1.0"`, `"correlationid":"req-7"`}},
		{"history product/1", 0, 5, []string{"bought 1 unit", `bob "the hat" ☂ bought 3 units`, "was given back; 6 remain",
			"(by ada, request req-7)"}},
		{"history holder/ada", 0, 6, []string{"product-1@1  ada bought 1 unit", "product-2@4  ada's reservation"}},
		{"history product/big --json", 0, 601, []string{`"text":"h bought 1 unit: reservation`, `"revision":600`}},
		{"history product/none", 1, 0, []string{"nothing has happened to product/none"}},
		{"history holder/none", 1, 0, []string{"nothing has happened to holder/none"}},
		{"history ghost/1", 2, 0, []string{"there are: " + strings.Join(history.Kinds(), ", ")}},
		{"history product", 2, 0, []string{"not of the form KIND/ID"}},
		{"show product/1", 0, 8, []string{"Poster <№ 1>", "10 = 6 remaining + 0 held + 4 sold"}},
		{"show product/1 --json", 0, 1, []string{
			`{"id":"1","name":"Poster <№ 1>","stock":10,"remaining":6,"held":0,"sold":4,"price":9900,` +
				`"limit_per_holder":0,"hold_seconds":300,"edit_tag":"e0","revision":4,"position":5}`}},
		{"show product/1 --at 4 --json", 0, 1, []string{`"remaining":4,"held":2,`, `"as_of":{"position":4,"time":"20`}},
		{"show product/1 --at 4", 0, 9, []string{"10 = 4 remaining + 2 held + 4 sold", "as of      position 4"}},
		{"show product/1 --at 9000-01-01T00:00:00Z", 0, 9, []string{"as of      position 611"}},
		{"show product/1 --at 2001-01-01T00:00:00Z", 1, 0, []string{"there is no product/1"}},
		{"show product/2 --at 5", 1, 0, []string{"there is no product/2", "at 5"}},
		{"show product/none", 1, 0, []string{"there is no product/none"}},
		{"show product/1 --at noon", 2, 0, []string{"RFC 3339"}},
		{"show ghost/1", 2, 0, []string{"product"}},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Fields(test.args)
			stdout, stderr := must(t, test.want, append(args, "--url", s.url)...)
			if n := strings.Count(stdout, "\n"); n != test.lines {
				t.Errorf("%d lines, want %d\n%s", n, test.lines, stdout)
			}
			for _, text := range test.texts {
				if !strings.Contains(stdout+stderr, text) {
					t.Errorf("printed\n%s%s\nwant %q", stdout, stderr, text)
				}
			}
			fromServer[test.args] = stdout // compared below, after the server has stopped
		})
	}
	s.end()
	delete(fromServer, "show product/1 --at 9000-01-01T00:00:00Z") // its time is that of the request
	for args, want := range fromServer {
		if _, got, stderr := command(t, append(strings.Fields(args), "--store", s.store)...); got != want {
			t.Errorf("admitone %s --store prints\n%s%s\nwant the output of --url\n%s", args, got, stderr, want)
		}
	}
}

// TestLogJSON: a line is a CloudEvent with the original data.
func TestLogJSON(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	stdout, _ := must(t, exitDone, "log", "--url", s.url, "--json", "--limit", "1")
	var e struct {
		Source, Type, Actor string
		Position            int
		Data                struct{ Name string }
	}
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || e.Source != "/v1/streams/product-1" || e.Position != 1 ||
		e.Data.Name != "Poster <№ 1>" {
		t.Errorf("event = %+v, %v; want position 1 of /v1/streams/product-1, with the name Poster <№ 1>", e, err)
	}
}

// TestLogFollow: log --follow prints existing and new events until it is interrupted, which is not an error.
func TestLogFollow(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	ctx, interrupt := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- runTo(ctx, []string{"log", "--follow", "--url", s.url, "--type", "product.created"}, in, io.Discard)
		in.Close()
	}()
	buf := make([]byte, 4096)
	for _, want := range []string{"product-1@0", "product-2@0"} {
		n, err := out.Read(buf)
		if err != nil || !strings.Contains(string(buf[:n]), want) {
			t.Fatalf("log --follow printed %q, %v; want %s", buf[:n], err, want)
		}
		if want == "product-1@0" {
			s.sell("2")
		}
	}
	interrupt()
	if status := <-ended; status != exitDone {
		t.Errorf("log --follow, interrupted: status %d, want 0", status)
	}
	must(t, exitDone, "log", "--follow", "--url", s.url, "--limit", "7") // ends after 7 events
	s.end()
	if _, stderr := must(t, exitDone, "log", "--follow", "--store", s.store, "--limit", "7"); !strings.Contains(stderr,
		"no server can open it") {
		t.Errorf("log --follow --store: stderr %q; want %q", stderr, "no server can open it")
	}
}

// TestStoreInUse: while a server runs on the store, the error names the command with --url, which works.
func TestStoreInUse(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	for _, args := range [][]string{{"log"}, {"history", "product/1"}, {"show", "product/1"}, {"verify"},
		{"backup", "--to", t.TempDir() + "/b"}} {
		_, stderr := must(t, exitUnavailable, append(args, "--store", s.store)...)
		words := args
		if args[0] == "backup" {
			words = args[:1]
		}
		typed := "admitone " + strings.Join(words, " ") + " --url " + s.url
		if !strings.Contains(stderr, typed) {
			t.Errorf("%s: stderr %q; want %q", args[0], stderr, typed)
		}
		must(t, exitDone, append(words, "--url", s.url)...)
	}
	_, stderr := must(t, exitUnavailable, "eventstore", "--dir", s.store, "--listen", "127.0.0.1:0")
	if !strings.Contains(stderr, s.url) || !strings.Contains(stderr, "--esdb-listen") {
		t.Errorf("eventstore: %s; want %q and %q", stderr, s.url, "--esdb-listen")
	}
}

// TestNoLog: a command that reads a missing log fails, and creates nothing.
func TestNoLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nothing")
	for _, args := range [][]string{{"log"}, {"history", "product/1"}, {"show", "product/1"}, {"verify"},
		{"backup", "--to", dir + "2"}} {
		if _, stderr := must(t, exitUnavailable, append(args, "--store", dir)...); !strings.Contains(stderr,
			"there is no log in "+dir) {
			t.Errorf("%v: %s; want %q", args, stderr, "there is no log in "+dir)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Fatalf("%v created %s, want no directory", args, dir)
		}
	}
}

// TestTokens: a server that requires tokens accepts those of admitone token, according to their roles.
func TestTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jwt.key")
	secret := []byte("a secret of thirty-two bytes or so")
	if err := os.WriteFile(file, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, t.TempDir(), api.JWTAuth{Secret: secret})
	appendSales(t, s.Log, "1", 3)
	token := func(role string) string {
		stdout, _ := must(t, exitDone, "token", "--sub", "ada", "--role", role, "--for", "1m", "--jwt-secret-file", file)
		return strings.TrimSpace(stdout)
	}
	if _, stderr := must(t, exitUsage, "log", "--url", s.url); !strings.Contains(stderr, "admitone token") {
		t.Errorf("without a token: %s; want %q", stderr, "admitone token")
	}
	must(t, exitUsage, "log", "--url", s.url, "--token", token("holder"))
	must(t, exitDone, "log", "--url", s.url, "--token", token("auditor"))
	must(t, exitUsage, "backup", "--url", s.url, "--token", token("auditor"))
	must(t, exitDone, "backup", "--url", s.url, "--token", token("admin"))
	for _, args := range []string{"--role admin", "--sub ada", "--sub ada --role king", "--sub .. --role admin",
		"--sub ada --role admin --for 0s"} {
		must(t, exitUsage, append([]string{"token", "--jwt-secret-file", file}, strings.Fields(args)...)...)
	}
	must(t, exitUsage, "token", "--sub", "ada", "--role", "admin", "--jwt-secret-file", file+"2")
}

func TestSinceTime(t *testing.T) {
	now := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "10m": now.Add(-10 * time.Minute), "0s": now, "2031-05-01T22:00:00+02:00": now,
	} {
		if got, err := sinceTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("sinceTime(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"-10m", "yesterday", "2031-05-01"} {
		if _, err := sinceTime(text, now); statusOf(err) != exitUsage {
			t.Errorf("sinceTime(%q) = %v, want a usage error", text, err)
		}
	}
}
