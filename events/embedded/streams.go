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
	// saveStreams is the number of new streams after which the filter is saved; in a large log, a quarter of its
	// streams.
	saveStreams = 1 << 18
	// saveEvents is the number of new events from which on Close saves the filter. The next Open can read fewer
	// events quickly.
	saveEvents = 1 << 14
	// fewEntries is the number of index entries of a stream that are skipped one by one before the iterator seeks the
	// next stream.
	fewEntries = 8
)

// streams is a filter of the log's streams, so that appends to new streams and reads of missing ones need no search
// of the index, which takes longer the larger the log is. The filter can report an absent stream as present, but
// never the reverse, because the checks of expected revisions depend on it.
//
// The committer adds each new stream before it writes the first event. The streams of earlier events are added in the
// background after Open, from a saved filter and the events after it, or from the index. Until that is complete, all
// streams count as present.
type streams struct {
	mu       sync.Mutex
	filter   bloom.Filter // guarded by mu, except for its key
	unsaved  int          // the number of streams added since the filter was saved or loaded; guarded by mu
	complete atomic.Bool
	due      chan struct{} // of capacity 1; has a token when the filter must be saved
	ended    chan struct{} // closed when keepStreams has ended

	// epoch is the epoch at Open. After Renew, a saved filter is not used again.
	epoch string

	// Used by Open, then by keepStreams, then by Close.
	saved events.Position // the saved filter has the streams of events up to here
	head  events.Position // the head when the log was opened
	// byIndex means that streams are read from the index, because there are fewer of them than events after saved.
	byIndex bool
}

// absent reports whether a stream certainly has no events in the log, including events that are about to become
// durable. s may be nil.
func (s *streams) absent(stream events.StreamID) bool {
	if s == nil || !s.complete.Load() {
		return false
	}
	hash := s.filter.Hash(string(stream))
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.filter.Has(hash)
}

// add adds a stream. It must be called before the first event of the stream is written.
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

// openStreams loads the saved filter, or creates a new one.
func (s *Store) openStreams() {
	s.streams = &streams{
		due:   make(chan struct{}, 1),
		ended: make(chan struct{}),
		epoch: s.epoch,
		head:  events.Position(s.head.Load()),
	}
	f, saved, err := s.readFilter()
	if err == nil {
		s.streams.filter, s.streams.saved = f, saved
		s.streams.byIndex = s.streams.head-saved > events.Position(f.Size())
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		s.logger.Warn("the filter of streams can't be loaded; building it again", "reason", oneLine(err))
	}
	s.streams.byIndex = true
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	s.streams.filter.Key = bloom.Key{binary.BigEndian.Uint64(key[:]), binary.BigEndian.Uint64(key[8:])}
}

// keepStreams completes the filter, and then saves it when it is due, until Close.
func (s *Store) keepStreams() {
	defer close(s.streams.ended)
	if err := s.fillStreams(); err != nil {
		if !errors.Is(err, events.ErrClosed) {
			s.logger.Warn("the filter of streams can't be completed; appends to new streams are slower", "reason",
				oneLine(s.noteDamage(err)))
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

// closeStreams waits for keepStreams to end, and saves the filter if many events are new.
func (s *Store) closeStreams() {
	if s.streams == nil {
		return
	}
	<-s.streams.ended
	if s.streams.complete.Load() && events.Position(s.head.Load())-s.streams.saved >= saveEvents {
		s.saveStreams()
	}
}

// saveStreams saves the filter. A failure is harmless: it only takes longer to complete the filter after the next
// Open.
func (s *Store) saveStreams() {
	// The committer adds a stream before it advances the head to its first event.
	head := events.Position(s.head.Load())
	s.streams.mu.Lock()
	s.streams.unsaved = 0
	s.streams.mu.Unlock()
	if err := s.writeFilter(head, &s.streams.filter, &s.streams.mu); err != nil {
		s.logger.Warn("cannot save the filter of streams", "reason", oneLine(err))
		return
	}
	s.streams.saved = head
}

// fillStreams adds the streams that are missing in the filter. Errors: events.ErrClosed; those of reads.
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
	for position := k.saved + 1; position <= k.head; position++ {
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
			return damaged("the index has the invalid key %x", index.Key())
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
		last[prefix-1]++ // after all entries of the stream
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
