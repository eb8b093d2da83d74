package embedded

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"

	"admitone/events"
	"admitone/events/bloom"
)

const (
	// saveStreams is the number of streams that may be added before the filter is saved again; in a
	// large log, a quarter of its streams.
	saveStreams = 1 << 18
	// saveEvents is the number of events that may be added before Close saves the filter. The next
	// Open reads fewer than these again at once.
	saveEvents = 1 << 14
	// fewEntries is the number of entries of a stream that are skipped one by one before the next
	// stream is sought.
	fewEntries = 8
)

// streams knows which streams the log does not have, so that an append to a new one, or a read of
// it, costs no search of the index, which takes longer the larger the log is. It may take a stream
// that does not exist for one that does, never the reverse: the expected revisions of appends
// depend on it.
//
// The committer adds each new stream before it writes it. The streams of the events before are
// added in the background after Open, from the file of an earlier run as far as it goes, else from
// the index. Until then nothing is known.
type streams struct {
	mu       sync.Mutex
	filter   bloom.Filter // guarded by mu, except for its key
	unsaved  int          // streams added since the filter was saved or loaded; guarded by mu
	complete atomic.Bool
	due      chan struct{} // of capacity 1: the filter is to be saved
	ended    chan struct{} // closed when keep has ended

	// epoch is the epoch at Open. After Renew, a saved filter is not used again.
	epoch string

	// Used by Open, then by keep, then by Close.
	seen events.Position // the filter in the file has the streams up to here
	head events.Position // when the log was opened
	// byIndex is whether the streams are read from the index, because they are fewer than the events
	// after seen.
	byIndex bool
}

// absent reports that the log has no event of a stream, neither durable nor about to be. If it
// reports false, that is unknown. s may be nil.
func (s *streams) absent(stream events.StreamID) bool {
	if s == nil || !s.complete.Load() {
		return false
	}
	hash := s.filter.Hash(string(stream))
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.filter.Has(hash)
}

// add must be called before the first event of a stream is written.
func (s *streams) add(stream string) {
	hash := s.filter.Hash(stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.filter.Add(hash) {
		return
	}
	s.unsaved++
	if s.unsaved >= max(saveStreams, s.filter.Size()/4) {
		select {
		case s.due <- struct{}{}:
		default:
		}
	}
}

// openStreams loads the filter of an earlier run, or begins a new one.
func (s *Store) openStreams() {
	s.streams = &streams{
		due:   make(chan struct{}, 1),
		ended: make(chan struct{}),
		epoch: s.epoch,
		head:  events.Position(s.head.Load()),
	}
	f, seen, err := s.readFilter()
	if err == nil {
		s.streams.filter, s.streams.seen = f, seen
		s.streams.byIndex = s.streams.head-seen > events.Position(f.Size())
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		s.logger.Warn("the filter of streams is created again", "reason", oneLine(err))
	}
	s.streams.byIndex = true
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	s.streams.filter.Key = bloom.Key{binary.BigEndian.Uint64(key[:]), binary.BigEndian.Uint64(key[8:])}
}

// keepStreams completes the filter and saves it from time to time, until Close.
func (s *Store) keepStreams() {
	defer close(s.streams.ended)
	if err := s.fillStreams(); err != nil {
		if !errors.Is(err, events.ErrClosed) {
			s.logger.Warn("the streams of the log are not known; new ones are slower", "reason", oneLine(s.noteDamage(err)))
		}
		return
	}
	s.streams.complete.Store(true)
	for {
		select {
		case <-s.streams.due:
			s.saveStreams()
		case <-s.closing:
			return
		}
	}
}

// closeStreams ends keepStreams and saves the filter.
func (s *Store) closeStreams() {
	if s.streams == nil {
		return
	}
	<-s.streams.ended
	if s.streams.complete.Load() && events.Position(s.head.Load())-s.streams.seen >= saveEvents {
		s.saveStreams()
	}
}

// saveStreams saves the filter. Without the file the next Open only takes longer to complete it, so
// a failure is harmless.
func (s *Store) saveStreams() {
	// The committer adds a stream before it moves the head beyond its first event.
	head := events.Position(s.head.Load())
	s.streams.mu.Lock()
	s.streams.unsaved = 0
	s.streams.mu.Unlock()
	if err := s.writeFilter(head, &s.streams.filter, &s.streams.mu); err != nil {
		s.logger.Warn("cannot save the filter of streams", "reason", oneLine(err))
		return
	}
	s.streams.seen = head
}

// fillStreams adds the streams of the events that the filter has not seen. Errors:
// events.ErrClosed; of reads.
func (s *Store) fillStreams() error {
	k := s.streams
	if k.byIndex {
		return s.fillFromIndex()
	}
	c, err := s.newCursor()
	if err != nil {
		return err
	}
	defer c.close()
	var last events.StreamID
	for position := k.seen + 1; position <= k.head; position++ {
		if position%checkEvery == 0 && s.isClosing() {
			return events.ErrClosed
		}
		e, err := c.at(position)
		if err != nil {
			return err
		}
		if e.Stream != last {
			k.add(string(e.Stream))
			last = e.Stream
		}
	}
	return nil
}

// fillFromIndex adds all streams of the index.
func (s *Store) fillFromIndex() error {
	index, err := s.newIter(indexSpace)
	if err != nil {
		return err
	}
	defer index.Close()
	var last []byte // the current key without its revision
	same := 0
	valid := index.First()
	for n := 1; valid; n++ {
		if n%checkEvery == 0 && s.isClosing() {
			return events.ErrClosed
		}
		prefix := len(index.Key()) - 8
		if prefix < indexKeySize("")-8 || index.Key()[prefix-1] != 0 {
			return damaged("key %x in the index", index.Key())
		}
		if string(index.Key()[:prefix]) != string(last) {
			last = append(last[:0], index.Key()[:prefix]...)
			s.streams.add(string(last[1 : prefix-1]))
			same = 0
		}
		if same++; same < fewEntries {
			valid = index.Next()
			continue
		}
		last[prefix-1]++ // after all of the stream
		valid = index.SeekGE(last)
		last[prefix-1]--
	}
	if err := index.Error(); err != nil {
		return readError(err)
	}
	return nil
}

func (s *Store) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
