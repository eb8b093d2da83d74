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
	// askEvery is the least time between two askings because of unknown keys.
	askEvery = 10 * time.Second
	// waitFor is how long a token waits for keys.
	waitFor = 2 * time.Second
	// refreshEvery is the time after which a key that was withdrawn is not good any more.
	refreshEvery = 5 * time.Minute
	// retryEvery is the time between two askings as long as there are no keys.
	retryEvery = time.Second
	// fetchLimit bounds one asking.
	fetchLimit = 10 * time.Second
	// maxSet bounds a key set in bytes.
	maxSet = 1 << 20
)

// Errors of [Set.Key].
var (
	// ErrUnavailable says that the issuer's keys have not been had yet.
	ErrUnavailable = errors.New("the keys of the issuer of tokens can't be had yet")
	// ErrUnknown says that the issuer has no such key.
	ErrUnknown = errors.New("the issuer of tokens has no such key")
)

// Set has an issuer's keys.
type Set struct {
	read   func(context.Context) ([]byte, error)
	logger *slog.Logger

	mu      sync.Mutex
	keys    map[name]crypto.PublicKey // nil before the first; guarded by mu
	version uint64                    // how often keys were read; guarded by mu
	asked   time.Time                 // when asking last began; guarded by mu
	done    chan struct{}             // closed at the end of the asking under way, nil if none is; guarded by mu
	down    bool                      // the last asking failed; guarded by mu
}

// IsURL reports whether a source is a URL, and no file.
func IsURL(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// New returns the key set at a URL or in a file, which is read by [Set.Run] and [Set.Key].
func New(source string, logger *slog.Logger) *Set {
	s := &Set{logger: logger}
	if IsURL(source) {
		s.read = func(ctx context.Context) ([]byte, error) { return get(ctx, source) }
	} else {
		s.read = func(context.Context) ([]byte, error) { return os.ReadFile(source) }
	}
	return s
}

// get returns what is at a URL.
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

// Run keeps the keys up to date until ctx ends.
func (s *Set) Run(ctx context.Context) error {
	for {
		done := s.ask(0)
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

// Ready reports whether the issuer's keys have been had once.
func (s *Set) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys != nil
}

// Version changes whenever the keys have been read again. It is 0 for a nil set.
func (s *Set) Version() uint64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Key returns the key that a token names, for the algorithm that it names. One that is not known
// is asked for. Errors: ErrUnavailable, ErrUnknown.
func (s *Set) Key(id, algorithm string) (crypto.PublicKey, error) {
	key, err := s.known(name{id, algorithm})
	if err == nil {
		return key, nil
	}
	done := s.ask(askEvery)
	if done == nil {
		return nil, err
	}
	end := time.NewTimer(waitFor)
	defer end.Stop()
	select {
	case <-done:
	case <-end.C:
	}
	return s.known(name{id, algorithm})
}

// known returns a key that is there.
func (s *Set) known(n name) (crypto.PublicKey, error) {
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

// ask reads the key set, unless that began less than least ago, and returns what is closed at its
// end; nil if it does not. There is one asking at a time.
func (s *Set) ask(least time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done != nil {
		return s.done
	}
	if least > 0 && !s.asked.IsZero() && time.Since(s.asked) < least {
		return nil
	}
	done := make(chan struct{})
	s.done, s.asked = done, time.Now()
	go func() {
		defer close(done)
		s.fetch()
	}()
	return done
}

// fetch reads the key set once. Without it the last one stays.
func (s *Set) fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
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
	case err != nil && !s.down:
		s.logger.Error("the keys of the issuer of tokens can't be had; those of before stay good", "error", err)
	case err == nil && s.down:
		s.logger.Info("the keys of the issuer of tokens can be had again")
	}
	if s.down = err != nil; err == nil {
		s.keys, s.version = keys, s.version+1
	}
}

// Check reads a set once, and returns why it can't be used.
func (s *Set) Check() error {
	text, err := s.read(context.Background())
	if err == nil {
		_, err = parse(text)
	}
	return err
}
