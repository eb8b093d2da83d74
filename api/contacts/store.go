package contacts

import (
	"errors"

	"admitone/events"
)

// batch collects items that are written together and share syncs.
type batch struct {
	items []item
	done  chan struct{}
	err   error // read after done
}

// item is a contact to be written.
type item struct {
	subjects []string
	holder   events.Holder
	contact  []byte
}

// errTooLong means that a record would exceed maxRecord. Callers validate lengths.
var errTooLong = errors.New("the contact is too long")

// Store stores a holder's contact for subjects, replacing their previous contacts. It returns once that
// is durable. Errors: the file system's; after the first of them every call fails, because the state
// on disk is unknown after a failed sync.
func (b *Book) Store(holder events.Holder, contact []byte, subjects ...string) error {
	for _, subject := range subjects {
		if len(subject)+len(holder)+len(contact)+256 > maxRecord {
			return errTooLong
		}
	}
	b.mu.Lock()
	current, first := b.pending, b.pending == nil
	if first {
		current = &batch{done: make(chan struct{})}
		b.pending = current
	}
	current.items = append(current.items, item{subjects, holder, contact})
	b.mu.Unlock()
	if !first {
		<-current.done
		return current.err
	}
	// The first caller writes the whole batch, which accepts items until the previous batch is done.
	b.filesMu.Lock()
	defer b.filesMu.Unlock()
	b.mu.Lock()
	b.pending = nil
	b.mu.Unlock()
	defer close(current.done)
	if b.broken == nil {
		b.broken = b.write(current.items)
	}
	current.err = b.broken
	return current.err
}

// write makes items durable, the keys first: a contact without a durable key would be unreadable. The
// caller holds filesMu.
func (b *Book) write(items []item) error {
	slots, err := b.slotsOf(items)
	if err != nil {
		return err
	}
	var text []byte
	offsets := map[subjectID]int64{}
	var entries []entry
	for _, it := range items {
		aead, err := b.keys.cipher(slots[holderIDOf(it.holder)])
		if err != nil {
			return err
		}
		for _, subject := range it.subjects {
			r := record{
				subject: subject,
				holder:  string(it.holder),
				sealed:  aead.Seal(nil, nil, it.contact, additionalData(subject, it.holder)),
			}
			e := entry{subject: subjectIDOf(subject), at: b.size + int64(len(text))}
			text = r.append(text)
			e.size = uint32(b.size + int64(len(text)) - e.at)
			offsets[e.subject] = e.at
			entries = append(entries, e)
		}
	}
	if _, err := b.sealed.WriteAt(text, b.size); err != nil {
		return err
	}
	if err := b.sealed.Sync(); err != nil {
		return err
	}
	b.size += int64(len(text))
	if err := b.index.add(entries); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, at := range offsets {
		b.offsets[id] = at
		delete(b.lost, id)
	}
	return nil
}

// slotsOf returns the slots with the keys of the items' holders, and durably creates missing ones.
func (b *Book) slotsOf(items []item) (map[holderID]int64, error) {
	slots, made := map[holderID]int64{}, map[holderID]int64{}
	for _, it := range items {
		id := holderIDOf(it.holder)
		if _, have := slots[id]; have {
			continue
		}
		b.mu.RLock()
		slot, known := b.keys.slots[id]
		bad, lost := b.keys.bad[id], b.missing[id]
		b.mu.RUnlock()
		if !known || bad { // a damaged key stays: it may be repairable
			var err error
			if slot, err = b.keys.add(id, lost); err != nil {
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
		b.keys.replace(id, slot)
		if b.missing[id] {
			b.keys.spare[id] = append(b.keys.spare[id], slot-1)
			delete(b.missing, id)
		}
	}
	return slots, nil
}
