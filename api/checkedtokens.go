package api

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxCachedTokens bounds the tokens of each generation of checkedTokens.
const maxCachedTokens = 1 << 13

// checkedTokens caches the callers of valid tokens, because verifying a public-key signature costs several
// times as much as a command. Entries are keyed by the token's hash, and are valid until the token expires or
// the keys are read again. To bound the memory there are two generations: a token moves to the newer one when
// it is used, and the older one is dropped when the newer one is full. A nil *checkedTokens caches nothing.
type checkedTokens struct {
	mu           sync.Mutex
	version      uint64                     // of the keys that verified the tokens; guarded by mu
	newer, older map[tokenHash]checkedToken // guarded by mu
}

type tokenHash = [sha256.Size]byte

// checkedToken is the caller that a token authenticates, and when it expires.
type checkedToken struct {
	caller caller
	until  time.Time
}

// callerOf returns the caller of a token. It calls check unless the token is cached for this version of
// the keys.
func (t *checkedTokens) callerOf(token string, version uint64, now time.Time,
	check func(string) (checkedToken, error)) (caller, error) {
	if t == nil {
		checked, err := check(token)
		return checked.caller, err
	}
	hash := sha256.Sum256([]byte(token))
	if known, ok := t.find(hash, version); ok && now.Before(known.until) {
		return known.caller, nil
	}
	checked, err := check(token)
	if err == nil {
		t.add(hash, version, checked)
	}
	return checked.caller, err
}

func (t *checkedTokens) find(hash tokenHash, version uint64) (known checkedToken, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if version != t.version {
		return checkedToken{}, false
	}
	if known, ok = t.newer[hash]; !ok {
		if known, ok = t.older[hash]; ok {
			t.insert(hash, known)
		}
	}
	return known, ok
}

// add caches a token, unless the keys have been read again since its check.
func (t *checkedTokens) add(hash tokenHash, version uint64, checked checkedToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if version > t.version {
		t.version, t.newer, t.older = version, nil, nil
	}
	if version == t.version {
		t.insert(hash, checked)
	}
}

// insert adds a token to the newer generation. The caller holds mu.
func (t *checkedTokens) insert(hash tokenHash, checked checkedToken) {
	if t.newer == nil || len(t.newer) >= maxCachedTokens {
		t.newer, t.older = map[tokenHash]checkedToken{}, t.newer
	}
	t.newer[hash] = checked
}
