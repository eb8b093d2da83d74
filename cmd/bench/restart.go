package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"admitone/events"
)

// measureRestart fills a log with a million events, stops the server, and measures the time until the next one is
// ready, after a clean shutdown and after kill -9.
func measureRestart(b *bench) ([]row, error) {
	const facts = 1_000_000
	dir := filepath.Join(b.dir, "restart")
	h, err := openHarness(dir, 0)
	if err != nil {
		return nil, err
	}
	for i := range 100 {
		if err := h.create(events.ProductID(fmt.Sprint("r", i))); err != nil {
			return nil, err
		}
	}
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for c := range 100 {
		wg.Go(func() {
			if err := h.fill(events.ProductID(fmt.Sprint("r", c)), facts/100, 32); err != nil {
				failed.Store(&err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	if err := h.close(); err != nil {
		return nil, err
	}
	fromScratch, err := b.timeToReady(dir, (*server).stop)
	if err != nil {
		return nil, err
	}
	clean, err := b.timeToReady(dir, func(s *server) { s.cmd.Process.Kill(); s.cmd.Wait() })
	if err != nil {
		return nil, err
	}
	killed, err := b.timeToReady(dir, (*server).stop)
	if err != nil {
		return nil, err
	}
	return []row{
		{"start with 1,000,000 events in the log, until /readyz", clean.Round(time.Millisecond).String(), "≤ 1 s"},
		{"… after kill -9", killed.Round(time.Millisecond).String(), "≤ 1 s"},
		{"… without any checkpoint", fromScratch.Round(10 * time.Millisecond).String(), ""},
	}, nil
}

// timeToReady starts a server, measures the time until it is ready, and calls stop.
func (b *bench) timeToReady(dir string, stop func(*server)) (time.Duration, error) {
	start := time.Now()
	s, err := b.serve(dir)
	if err != nil {
		return 0, err
	}
	defer stop(s)
	err = s.waitReady()
	return time.Since(start), err
}

// waitReady waits until the server is ready.
func (s *server) waitReady() error {
	start := time.Now()
	for {
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			return err
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
		if time.Since(start) > 5*time.Minute {
			return fmt.Errorf("not ready after 5 minutes")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
