package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// server is a running process: an admitone server, an event store, or a competing server.
type server struct {
	cmd *exec.Cmd
	url string
	// profiled is the address at which the process serves CPU profiles, "" for none.
	profiled string
}

// binary returns the path of the admitone program, which the first call builds.
func (b *bench) binary() (string, error) {
	path := filepath.Join(b.dir, "admitone")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/admitone")
	build.Stderr = os.Stderr
	return path, build.Run()
}

// serve starts a server on the log in store, with the default features.
func (b *bench) serve(store string, args ...string) (*server, error) {
	path, err := b.binary()
	if err != nil {
		return nil, err
	}
	args = append([]string{"serve", "--yardstick", "--listen", "127.0.0.1:0", "--store", store}, args...)
	if b.profiles == "" {
		return b.start(path, args...)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s, err := b.start(path, append(args, "--profile-listen", "127.0.0.1:"+port)...)
	if err == nil {
		s.profiled = "127.0.0.1:" + port
	}
	return s, err
}

// start starts a server and waits until it has printed its address.
func (b *bench) start(path string, args ...string) (*server, error) {
	log, err := os.Create(filepath.Join(b.dir, "access.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{cmd: exec.Command(path, args...)}
	s.cmd.Stderr = log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not print its address: %w", path, err)
	}
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, "/")
	s.url = "http://" + address
	go io.Copy(io.Discard, stdout)
	return s, nil
}

func (s *server) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

// post sends a JSON body and decodes the response, which must be a success.
func (s *server) post(path, body string, into any) error {
	response, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	return read(response, path, into)
}

// get reads a resource.
func (s *server) get(path string, into any) error {
	response, err := http.Get(s.url + path)
	if err != nil {
		return err
	}
	return read(response, path, into)
}

// read decodes a response, which must be a success.
func read(response *http.Response, path string, into any) error {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: %s: %s", path, response.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(bytes.NewReader(text)).Decode(into)
}

// cpu returns the CPU time that the server has used.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resident returns the server's resident memory in bytes.
func (s *server) resident() int64 { return resident(s.cmd.Process.Pid) }

// resident returns the resident memory of a process in bytes.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
