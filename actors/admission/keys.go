package admission

import (
	"context"
	"errors"

	"admitone/actors/waitingroom/pass"
)

// ErrKeysDiffer: this server's keys are not those of the log, so it can neither verify signatures
// of other servers nor make signatures that they can verify. An operator has to give it their key
// file, or accept its own.
var ErrKeysDiffer = errors.New("the keys of this server are not those of the log")

// KeyState compares a server's keys with the log's.
type KeyState int32

// The states.
const (
	// KeysNotLogged: the log has none yet; they are added with the first waiting room.
	KeysNotLogged KeyState = iota
	// KeysAgree: they include the newest key of the log.
	KeysAgree
	// KeysBehind: they include a key of the log, but not the newest. Passes signed with that can't
	// be verified here until the server gets it.
	KeysBehind
	// KeysDiffer: the log has keys, and they include none of them.
	KeysDiffer
)

// KeyUse determines which fingerprints may be added to the log when a ring is taken into use.
type KeyUse int

// The uses, each including those before it.
const (
	// KeysIfKnown adds the keys of a ring that shares one with the log, but no first ring.
	KeysIfKnown KeyUse = iota
	// KeysFirst also adds the keys of a first ring.
	KeysFirst
	// KeysAccepted adds the keys of any ring, for when the log's keys are lost.
	KeysAccepted
)

// UseKeys compares a ring with the log and makes it the one that signs and verifies; nil keeps the
// current one. The result decides whether this server can run rooms at all. Keys are in the log
// before they sign. Errors: the store's; the present ring is kept then.
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

// compare adds the fingerprints that may be added to the log, and returns the state of a ring.
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

// checkKeys reports whether this server can sign and verify. Error: ErrKeysDiffer.
func (r *Rooms) checkKeys() error {
	if r.KeyState() == KeysDiffer {
		return ErrKeysDiffer
	}
	return nil
}

// verificationError returns why a signature could not be verified: otherwise, unless it may be by a key that
// this server does not have yet.
func (r *Rooms) verificationError(otherwise error) error {
	if r.KeyState() == KeysBehind {
		return ErrKeysDiffer
	}
	return otherwise
}
