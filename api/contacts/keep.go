package contacts

import "errors"

// batch is what is written with the same syncs.
type batch struct {
	items []item
	done  chan struct{}
	err   error // read after done
}

// item is a contact on its way to the disk.
type item struct {
	subjects []string
	holder   string
	contact  []byte
}

// errTooLong: the caller has to bound what it hands in.
var errTooLong = errors.New("contacts: too long")

// Keep keeps a holder's contact for subjects, in the place of what was kept for them
// before. It returns when that is durable. Errors: the file system's, and from the
// first of them on the same for ever: what a failed sync has left on the disk is not
// known.
func (b *Book) Keep(holder string, contact []byte, subjects ...string) error {
	for _, subject := range subjects {
		if len(subject)+len(holder)+len(contact)+256 > maxRecord {
			return errTooLong
		}
	}
	b.mu.Lock()
	mine, first := b.waiting, b.waiting == nil
	if first {
		mine = &batch{done: make(chan struct{})}
		b.waiting = mine
	}
	mine.items = append(mine.items, item{subjects, holder, contact})
	b.mu.Unlock()
	if !first {
		<-mine.done
		return mine.err
	}
	// The first writes for all who came before the one ahead was done.
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	b.waiting = nil
	b.mu.Unlock()
	defer close(mine.done)
	if b.broken == nil {
		b.broken = b.write(mine.items)
	}
	mine.err = b.broken
	return mine.err
}

// write makes items durable: first the keys, so that nothing is ever kept that can't
// be read. The caller has the turn.
func (b *Book) write(items []item) error {
	slots, err := b.slotsOf(items)
	if err != nil {
		return err
	}
	var text []byte
	places := map[subjectID]int64{}
	for _, it := range items {
		aead, err := b.keys.cipher(slots[holderIDOf(it.holder)])
		if err != nil {
			return err
		}
		for _, subject := range it.subjects {
			r := record{subject: subject, holder: it.holder, sealed: aead.Seal(nil, nil, it.contact, bound(subject, it.holder))}
			places[subjectIDOf(subject)] = b.size + int64(len(text))
			text = r.append(text)
		}
	}
	if _, err := b.sealed.WriteAt(text, b.size); err != nil {
		return err
	}
	if err := b.sealed.Sync(); err != nil {
		return err
	}
	b.size += int64(len(text))
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, at := range places {
		b.places[id] = at
	}
	return nil
}

// slotsOf finds the keys of the items' holders, and makes those there are not yet.
func (b *Book) slotsOf(items []item) (map[holderID]int64, error) {
	slots, made := map[holderID]int64{}, map[holderID]int64{}
	for _, it := range items {
		id := holderIDOf(it.holder)
		if _, have := slots[id]; have {
			continue
		}
		b.mu.RLock()
		slot, known := b.keys.slots[id]
		b.mu.RUnlock()
		if !known {
			var err error
			if slot, err = b.keys.add(id); err != nil {
				return nil, err
			}
			made[id] = slot
		}
		slots[id] = slot
	}
	if len(made) == 0 {
		return slots, nil
	}
	if err := b.keys.file.Sync(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, slot := range made {
		b.keys.slots[id] = slot
	}
	return slots, nil
}
