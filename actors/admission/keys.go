package admission

import (
	"context"
	"errors"

	"admitone/actors/waitingroom/pass"
)

// ErrKeysDiffer means that this server's keys are not those of the log, so that it can neither verify
// signatures of other servers nor make signatures that they can verify. An operator must give it
// their key file, or accept its keys.
var ErrKeysDiffer = errors.New("the keys of this server are not those of the log")

// KeyState compares a server's keys with the log's.
type KeyState int32

// The states.
const (
	// KeysNotLogged means that the log has no keys yet; the first waiting room adds them.
	KeysNotLogged KeyState = iota
	// KeysAgree means that the server has the newest key of the log.
	KeysAgree
	// KeysBehind means that the server has a key of the log, but not the newest, and can't verify
	// what is signed with the newest until it gets it.
	KeysBehind
	// KeysDiffer means that the log has keys, and that the server has none of them.
	KeysDiffer
)

// KeyUse determines which rings' fingerprints UseKeys may add to the log.
type KeyUse int

// The uses, each including those before it.
const (
	// KeysIfKnown adds the keys of a ring that shares a key with the log.
	KeysIfKnown KeyUse = iota
	// KeysFirst also adds the keys of a ring to a log that has no keys.
	KeysFirst
	// KeysAccepted adds the keys of any ring. It is for logs whose keys are lost.
	KeysAccepted
)

// UseKeys compares a ring with the log and makes it the ring that signs and verifies; nil stands for
// the current ring. KeyState then reports whether this server can run rooms. Keys are in the log
// before they sign. Errors: the store's, after which the current ring stays in use.
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

// compare adds fingerprints of a ring to the log as use permits, and returns the state of the ring.
func (r *Rooms) compare(ctx context.Context, ring *pass.Keyring, use KeyUse) (KeyState, error) {
	log, own := r.keyLog, ring.Fingerprints()
	if err := log.read(ctx); err != nil {
		return 0, err
	}
	shared := func() bool { return len(log.missing(own)) < len(own) }
	err := log.add(ctx, own, func() bool {
		return use == KeysAccepted || shared() || use == KeysFirst && len(log.fingerprints) == 0
	}, r.config.Now())
	switch {
	case err != nil:
		return 0, err
	case len(log.fingerprints) == 0:
		return KeysNotLogged, nil
	case !shared():
		return KeysDiffer, nil
	case log.hasNewer(own):
		return KeysBehind, nil
	}
	return KeysAgree, nil
}

// Keys returns the state of this server's keys, their fingerprints, and those in the log.
func (r *Rooms) Keys() (state KeyState, own, named []string) {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	if r.keyLog != nil {
		named = append(named, r.keyLog.fingerprints...)
	}
	return r.KeyState(), r.keys.Load().Fingerprints(), named
}

// KeyState returns the state of this server's keys as of the last read of the log.
func (r *Rooms) KeyState() KeyState { return KeyState(r.keyState.Load()) }

// checkKeys returns ErrKeysDiffer unless this server can sign and verify.
func (r *Rooms) checkKeys() error {
	if r.KeyState() == KeysDiffer || r.config.Excluded != nil && r.config.Excluded() {
		return ErrKeysDiffer
	}
	return nil
}

// verificationError returns the error for a signature that could not be verified: otherwise, or
// ErrKeysDiffer if the signature may be by a key that this server does not have yet.
func (r *Rooms) verificationError(otherwise error) error {
	if r.KeyState() == KeysBehind {
		return ErrKeysDiffer
	}
	return otherwise
}
