package admission

import (
	"context"
	"errors"

	"admitone/actors/waitingroom/pass"
)

// ErrKeysDiffer: this server's keys are not those of the log, so it can neither read what
// other servers have signed nor sign what they can read. Somebody has to give it their
// file of keys, or to accept its own.
var ErrKeysDiffer = errors.New("the keys of this server are not those of the log")

// KeyState is what a server's keys are to the log.
type KeyState int32

// What they are.
const (
	// KeysUnnamed: the log names none yet; the first waiting room that is set up does.
	KeysUnnamed KeyState = iota
	// KeysAgree: they have the newest key of the log.
	KeysAgree
	// KeysBehind: they have one of the log, and not the newest. What that has signed
	// can't be read here until the server has it.
	KeysBehind
	// KeysDiffer: the log names keys, and they have none of them.
	KeysDiffer
)

// KeyUse says what may be added to the log when a ring is taken into use.
type KeyUse int

// Ring takes what fits.
const (
	// KeysIfKnown adds those of a ring that shares one with the log; no ring is the first.
	KeysIfKnown KeyUse = iota
	// KeysFirst adds those of the first ring too.
	KeysFirst
	// KeysAccepted adds those of any ring, when the log's are lost.
	KeysAccepted
)

// UseKeys makes another ring the one that signs and checks, nil leaves it, and holds it
// against the log: what that names decides whether this server can run rooms at all. Keys
// are in the log before they sign. Errors: the store's; then the ring of before stays.
func (r *Rooms) UseKeys(ctx context.Context, ring *pass.Keyring, use KeyUse) error {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	if ring == nil {
		ring = r.keys.Load()
	}
	state := KeysAgree
	if r.keyLog != nil {
		var err error
		if state, err = r.compare(ctx, ring, use); err != nil {
			return err
		}
	}
	r.keys.Store(ring)
	r.keyState.Store(int32(state))
	return nil
}

// compare adds what may be added to the log, and says what a ring is to it.
func (r *Rooms) compare(ctx context.Context, ring *pass.Keyring, use KeyUse) (KeyState, error) {
	log, own := r.keyLog, ring.Fingerprints()
	if err := log.read(ctx); err != nil {
		return 0, err
	}
	shared := func() bool { return len(log.missing(own)) < len(own) }
	err := log.add(ctx, own, func() bool {
		return use == KeysAccepted || shared() || use == KeysFirst && len(log.named) == 0
	}, r.config.Now())
	switch {
	case err != nil:
		return 0, err
	case len(log.named) == 0:
		return KeysUnnamed, nil
	case !shared():
		return KeysDiffer, nil
	case log.newer(own):
		return KeysBehind, nil
	}
	return KeysAgree, nil
}

// Keys says what this server's keys are to the log, and the fingerprints of both.
func (r *Rooms) Keys() (state KeyState, own, named []string) {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	if r.keyLog != nil {
		named = append(named, r.keyLog.named...)
	}
	return r.KeyState(), r.keys.Load().Fingerprints(), named
}

// KeyState says what this server's keys are to the log, as it was read last.
func (r *Rooms) KeyState() KeyState { return KeyState(r.keyState.Load()) }

// usable reports whether this server can sign and check. Error: ErrKeysDiffer.
func (r *Rooms) usable() error {
	if r.KeyState() == KeysDiffer {
		return ErrKeysDiffer
	}
	return nil
}

// unread is why something that was signed could not be read: otherwise, unless it may be
// of a key that this server has yet to get.
func (r *Rooms) unread(otherwise error) error {
	if r.KeyState() == KeysBehind {
		return ErrKeysDiffer
	}
	return otherwise
}
