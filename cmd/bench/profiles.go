package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profile starts a CPU profile of s that covers most of a turn, if profiles were requested. The profile is written
// to a file named after the path of the requests; wait returns when the file is complete.
func (b *bench) profile(s *server, path string) (wait func() error) {
	if s.profiled == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() { done <- b.saveProfile(s, path) }()
	return func() error { return <-done }
}

func (b *bench) saveProfile(s *server, path string) error {
	seconds := max(1, int(b.duration.Seconds())-1)
	response, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.profiled, seconds))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s", response.Status)
	}
	name := fmt.Sprintf("%s-%d.prof", filepath.Base(path), time.Now().UnixNano())
	file, err := os.Create(filepath.Join(b.profiles, name))
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, response.Body); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
