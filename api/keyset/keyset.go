package keyset

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// minInterval is the minimum time between two fetches triggered by unknown keys.
	minInterval = 10 * time.Second
	// maxWait bounds the wait of Key for a fetch.
	maxWait = 2 * time.Second
	// refreshEvery is the interval of refreshes, and so the longest time for which a withdrawn key is
	// accepted while the issuer is reachable.
	refreshEvery = 5 * time.Minute
	// retryEvery is the interval of fetches until the first one succeeds.
	retryEvery = time.Second
	// fetchTimeout bounds one fetch.
	fetchTimeout = 10 * time.Second
	// maxSet bounds a key set in bytes.
	maxSet = 1 << 20
)

// Errors of [Set.Key].
var (
	// ErrUnavailable means that no fetch has succeeded yet.
	ErrUnavailable = errors.New("the token issuer's keys are not available yet")
	// ErrUnknown means that the issuer has no such key.
	ErrUnknown = errors.New("the token issuer has no such key")
)

// Set caches the public keys of a token issuer. Its methods are safe for concurrent use.
type Set struct {
	read   func(context.Context) ([]byte, error)
	logger *slog.Logger

	mu           sync.Mutex
	keys         map[name]crypto.PublicKey // nil before the first success; guarded by mu
	version      uint64                    // number of successful fetches; guarded by mu
	fetchStarted time.Time                 // when the last fetch began; guarded by mu
	done         chan struct{}             // closed at the end of the fetch in progress, nil if none; guarded by mu
	failing      bool                      // the last fetch failed; guarded by mu
}

// IsURL reports whether a source is a URL, as opposed to a file.
func IsURL(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// New returns the key set at a URL or in a file. It is read by [Set.Run] and [Set.Key], not by New.
func New(source string, logger *slog.Logger) *Set {
	s := &Set{logger: logger}
	if IsURL(source) {
		s.read = func(ctx context.Context) ([]byte, error) { return get(ctx, source) }
	} else {
		s.read = func(context.Context) ([]byte, error) { return os.ReadFile(source) }
	}
	return s
}

// get returns the body at a URL.
func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSet+1))
	if err == nil && len(text) > maxSet {
		err = fmt.Errorf("%s: more than %d bytes", url, maxSet)
	}
	return text, err
}

// Run refreshes the keys until ctx ends, and returns ctx's error.
func (s *Set) Run(ctx context.Context) error {
	for {
		done := s.startFetch(0)
		pause := refreshEvery
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
		}
		if !s.Ready() {
			pause = retryEvery
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Ready reports whether a fetch has succeeded.
func (s *Set) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys != nil
}

// Version returns the number of successful fetches; 0 for a nil set.
func (s *Set) Version() uint64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Key returns the key that a token names by id and algorithm. For an unknown key it fetches the set
// again, at most every ten seconds, and waits for it up to two seconds. Errors: ErrUnavailable, ErrUnknown.
func (s *Set) Key(id, algorithm string) (crypto.PublicKey, error) {
	key, err := s.cached(name{id, algorithm})
	if err == nil {
		return key, nil
	}
	done := s.startFetch(minInterval)
	if done == nil {
		return nil, err
	}
	end := time.NewTimer(maxWait)
	defer end.Stop()
	select {
	case <-done:
	case <-end.C:
	}
	return s.cached(name{id, algorithm})
}

// cached returns a cached key. Errors: as Key.
func (s *Set) cached(n name) (crypto.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		return nil, ErrUnavailable
	}
	if key, ok := s.keys[n]; ok {
		return key, nil
	}
	return nil, ErrUnknown
}

// startFetch starts a fetch, or joins the one in progress, and returns a channel that is closed at its end.
// It returns nil if the last fetch began less than interval ago.
func (s *Set) startFetch(interval time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done != nil {
		return s.done
	}
	if interval > 0 && !s.fetchStarted.IsZero() && time.Since(s.fetchStarted) < interval {
		return nil
	}
	done := make(chan struct{})
	s.done, s.fetchStarted = done, time.Now()
	go func() {
		defer close(done)
		s.fetch()
	}()
	return done
}

// fetch reads the key set once. If that fails, the previous keys stay.
func (s *Set) fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	var keys map[name]crypto.PublicKey
	text, err := s.read(ctx)
	if err == nil {
		keys, err = parse(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = nil
	switch {
	case err != nil && !s.failing:
		s.logger.Error("the token issuer's keys can't be read; the previous ones stay valid", "error", err)
	case err == nil && s.failing:
		s.logger.Info("the token issuer's keys can be read again")
	}
	if s.failing = err != nil; err == nil {
		s.keys, s.version = keys, s.version+1
	}
}

// Check reads the set once without keeping it, and returns why it can't be used, nil if it can.
func (s *Set) Check() error {
	text, err := s.read(context.Background())
	if err == nil {
		_, err = parse(text)
	}
	return err
}
