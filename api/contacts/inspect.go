package contacts

import (
	"bufio"
	"cmp"
	"io"
	"log/slog"
	"slices"

	"admitone/events"
)

// maxLogged bounds the damaged places that are logged individually.
const maxLogged = 16

// inspection compares the files with the index and the keys when a book is opened.
type inspection struct {
	*Book
	logger   *slog.Logger
	found    map[int64]entry    // valid records by offset
	newest   map[holderID]int64 // offset of each holder's newest record
	gaps     []gap
	entries  []entry
	unlisted []entry // valid or lost records to add to the index
}

// inspect locates the contacts, and logs damage and loss. It overwrites and truncates nothing:
// unreadable bytes stay, and new records follow them. Errors: the file system's.
func (b *Book) inspect(entries []entry, logger *slog.Logger) error {
	i := &inspection{Book: b, logger: logger, entries: entries, found: map[int64]entry{}, newest: map[holderID]int64{}}
	info, err := b.sealed.Stat()
	if err != nil {
		return err
	}
	b.size = info.Size()
	end, gaps, err := readSealed(b.sealed, b.size, func(r *record, at, size int64) {
		subject := subjectIDOf(r.subject)
		b.offsets[subject] = at
		i.found[at] = entry{subject, at, uint32(size)}
		i.newest[holderIDOf(events.Holder(r.holder))] = at
	})
	if err != nil {
		return err
	}
	if i.gaps = gaps; end < b.size {
		i.gaps = append(i.gaps, gap{end, b.size})
	}
	i.findLost()
	if err := i.findGaps(end); err != nil {
		return err
	}
	if err := i.checkKeys(); err != nil {
		return err
	}
	if len(b.lost) > 0 {
		logger.Error("contacts are damaged or missing; requests that would show one are answered with 503. "+
			"Restore the file from a backup to recover them", "file", b.sealed.Name(), "contacts", len(b.lost))
	}
	return i.completeIndex()
}

// findLost marks the subjects whose newest contact is not where the index lists it.
func (i *inspection) findLost() {
	last := map[subjectID]int64{}
	for _, e := range i.entries {
		last[e.subject] = e.at
	}
	for subject, at := range last {
		if i.found[at].subject != subject {
			i.lost[subject] = true
		}
	}
}

// findGaps logs the byte ranges that are not valid records. Ranges that the index does not list were
// being written when the power failed, or are older than the index.
func (i *inspection) findGaps(end int64) error {
	starts := make([]int64, 0, len(i.entries))
	for _, e := range i.entries {
		starts = append(starts, e.at)
	}
	slices.Sort(starts)
	logged := 0
	for _, g := range i.gaps {
		n, _ := slices.BinarySearch(starts, g.from)
		acknowledged := n < len(starts) && starts[n] < g.to
		if len(i.entries) == 0 && g.to < i.size { // records follow it, so it was acknowledged
			acknowledged = true
			if err := i.markUnlistedLost(g); err != nil {
				return err
			}
		}
		if !acknowledged {
			if g.from == end {
				i.logger.Warn("the file of contacts ends with an incomplete record, as after a power loss; it is left unchanged",
					"file", i.sealed.Name(), "byte", g.from, "bytes", g.to-g.from)
			}
			continue
		}
		if logged++; logged > maxLogged {
			i.logger.Error("contacts are damaged in further places", "file", i.sealed.Name(), "places", len(i.gaps))
			return nil
		}
		i.logger.Error("a contact is damaged and can't be read; restore the file from a backup to recover it",
			"file", i.sealed.Name(), "byte", g.from, "bytes", g.to-g.from)
	}
	return nil
}

// markUnlistedLost marks the subject of a damaged record as lost, if the subject can still be read.
func (i *inspection) markUnlistedLost(g gap) error {
	text := make([]byte, min(g.to-g.from, headSize+maxRecord))
	if _, err := i.sealed.ReadAt(text, g.from); err != nil {
		return err
	}
	r, ok := parseBody(text[min(headSize, len(text)):])
	if !ok {
		return nil
	}
	subject := subjectIDOf(r.subject)
	if at, found := i.offsets[subject]; found && at > g.from { // a newer contact replaces it
		return nil
	}
	i.lost[subject] = true
	i.unlisted = append(i.unlisted, entry{subject, g.from, uint32(g.to - g.from)})
	return nil
}

// checkKeys finds the holders with contacts whose key is damaged or missing.
func (i *inspection) checkKeys() error {
	k, damaged := i.keys, 0
	var missing []holderID
	for id, at := range i.newest {
		place, have := k.slots[id]
		switch {
		case !have && !k.gone[id]:
			missing = append(missing, id)
		case have:
			intact, err := i.keyIntact(place, at)
			if err != nil {
				return err
			}
			if k.bad[id] = !intact; !intact || len(k.spare[id]) > 0 {
				damaged++
			}
		}
	}
	if len(i.entries) == 0 {
		i.logOrphans()
	}
	// Earlier versions left an empty slot for each forgotten holder.
	if len(i.entries) == 0 && len(missing) > 0 && len(missing) <= k.empty {
		return i.recordForgotten(missing)
	}
	for _, id := range missing {
		i.missing[id] = true
	}
	if damaged+len(missing) > 0 {
		i.logger.Error("keys of contacts are damaged or missing; requests that would show such a contact are answered "+
			"with 503. Restore the file from a backup to recover them", "file", k.file.Name(),
			"holders", damaged+len(missing), "gone", len(missing))
	}
	return nil
}

// logOrphans logs keys without contacts, for files without an index that would show lost contacts. A crash
// leaves at most one such key, and a lost file many.
func (i *inspection) logOrphans() {
	orphans := 0
	for id := range i.keys.slots {
		if _, has := i.newest[id]; !has {
			orphans++
		}
	}
	if orphans > 1 {
		i.logger.Error("holders have keys but no contacts: the files are damaged, swapped or from different times, and "+
			"which contacts are lost is unknown. Restore both from one backup",
			"file", i.sealed.Name(), "keys", i.keys.file.Name(), "holders", orphans)
	}
}

// keyIntact reports whether the checksum of a slot is valid, or its key opens the holder's newest contact.
func (i *inspection) keyIntact(place, at int64) (bool, error) {
	s, err := i.keys.read(place)
	if err != nil || s.kind() == slotKey {
		return err == nil, err
	}
	r, err := i.recordAt(at)
	if err != nil {
		return false, err
	}
	_, opened, err := r.open(&s)
	return opened, err
}

// recordForgotten writes slots for holders that an earlier version forgot without recording their ids.
func (i *inspection) recordForgotten(ids []holderID) error {
	for _, id := range ids {
		if _, err := i.keys.append(newSlot(id, nil)); err != nil {
			return err
		}
		i.keys.gone[id] = true
	}
	return i.keys.file.Sync()
}

// completeIndex adds the missing entries to the index.
func (i *inspection) completeIndex() error {
	if i.index.next == 0 && i.keys.sums > 0 && i.size > 0 {
		i.logger.Warn("the index of the contacts is missing and is rebuilt from them; contacts that are missing too can't "+
			"be detected", "file", i.index.file.Name(), "contacts", len(i.found))
	}
	for _, e := range i.entries {
		if i.found[e.at] == e {
			delete(i.found, e.at)
		}
	}
	for _, e := range i.found {
		if !i.lost[e.subject] { // an older record must not be listed after the lost one
			i.unlisted = append(i.unlisted, e)
		}
	}
	slices.SortFunc(i.unlisted, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	if len(i.unlisted) == 0 {
		return nil
	}
	if err := i.index.add(i.unlisted); err != nil {
		return err
	}
	return i.index.file.Sync()
}

// recordAt reads the record at a byte offset. Errors: ErrDamaged; the file system's.
func (b *Book) recordAt(at int64) (record, error) {
	r, _, err := readRecord(bufio.NewReader(io.NewSectionReader(b.sealed, at, headSize+maxRecord)))
	return r, err
}
