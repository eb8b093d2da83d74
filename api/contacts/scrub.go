package contacts

import (
	"errors"
	"io"
	"math/bits"
)

// nearID is the maximum number of differing bits by which a damaged id is still attributed to a holder.
// Two random ids differ in about 112 bits.
const nearID = 32

// forgetLost forgets a holder without a usable key: it destroys damaged slots of the holder, in the
// key file and, in case the files were swapped, in the file of sealed contacts. The caller holds filesMu.
func (b *Book) forgetLost(id holderID) (known bool, err error) {
	b.mu.RLock()
	intact := len(b.lost) == 0 && len(b.missing) == 0
	gone := b.keys.gone[id]
	b.mu.RUnlock()
	if intact {
		return false, nil
	}
	destroyed := false
	for _, in := range []file{b.keys.file, b.sealed} {
		found, err := scrub(in, id)
		if err != nil {
			return true, err
		}
		destroyed = destroyed || found
	}
	if gone {
		return destroyed, nil
	}
	if _, err := b.keys.append(newSlot(id, nil)); err != nil {
		return true, err
	}
	if err := b.keys.file.Sync(); err != nil {
		return true, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys.forget(id)
	delete(b.missing, id)
	return true, nil
}

// scrub destroys the keys in slots whose id is near a holder's, and reports whether there were any.
func scrub(in file, id holderID) (found bool, err error) {
	gone := newSlot(id, nil)
	for at := int64(0); ; at += slotSize {
		var s slot
		n, err := in.ReadAt(s[:], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return found, err
		}
		if n <= sumAt {
			break
		}
		if !isNear(s.id(), id) || s.kind() == slotGone {
			continue
		}
		if _, err := in.WriteAt(gone[:n], at); err != nil {
			return true, err
		}
		found = true
	}
	if !found {
		return false, nil
	}
	return true, in.Sync()
}

// isNear reports whether a may be a damaged form of b.
func isNear(a, b holderID) bool {
	differ := 0
	for i := range a {
		differ += bits.OnesCount8(a[i] ^ b[i])
	}
	return differ <= nearID
}
