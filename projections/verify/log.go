package verify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"admitone/events"
)

// Verdict is the result of a verification.
type Verdict struct {
	Events  uint64
	Streams int
	// Internal is the number of Events in the store's own streams, which Streams does not count.
	Internal uint64
	// Head is the last position of the log when the verification began.
	Head events.Position
	// Others counts the events that were not checked, nil for none.
	Others *Others
	// ExternalSums are the sums of the external payments by currency, up to a violation.
	ExternalSums map[string]ExternalSums
}

// Others describes events that were not checked, or not fully: those of other programs, by category, and
// the number of times that the clock of a store of several nodes ran backwards.
type Others struct {
	Foreign   []Foreign
	Backwards uint64
}

// others returns nil for a log without such events.
func (v *Verifier) others() *Others {
	if len(v.foreign) == 0 && v.backwards == 0 {
		return nil
	}
	return &Others{v.Foreign(), v.backwards}
}

const (
	// pageSize is the number of events that are read at a time.
	pageSize = 1024
	// readAhead is the number of pages that may be read but not yet verified.
	readAhead = 4
)

// decodedFact is the content of an event that can be read without knowledge of earlier events.
type decodedFact struct {
	fact    events.Fact
	decided time.Time
	fault   *fault // the reason why the event can't be decoded, or nil
}

// decodeFact decodes an event.
func decodeFact(e *events.Recorded) (c decodedFact) {
	if e.Stream.Internal() {
		return c
	}
	var err error
	if c.decided, err = events.DecidedAt(e.Metadata); err != nil {
		c.fault = faultf(RuleChain, "%v", err)
		return c
	}
	// Not e.Decode: a fact decoded earlier may differ from the log.
	if c.fact, err = events.Decode(e.Type, e.Data); err != nil {
		c.fault = faultf(RuleKnown, "%v", err)
	}
	return c
}

// page is a part of the log that is read and decoded ahead of the verifier.
type page struct {
	events  []events.Recorded
	decoded []decodedFact
	filled  chan struct{} // closed when decoded is set
	err     error         // the reason why this page is the last, or nil
}

// readPages reads the log up to head and decodes each page on its own goroutine. Pages are sent in order. The caller
// must receive all of them or end ctx, and then wait for ended.
func readPages(ctx context.Context, store events.Store, head events.Position, ended *sync.WaitGroup) <-chan *page {
	pages := make(chan *page, readAhead)
	ended.Go(func() {
		defer close(pages)
		for at := events.Position(0); at < head; {
			p := &page{filled: make(chan struct{})}
			p.events, p.err = store.ReadAll(ctx, at, events.Forward, pageSize)
			if n := len(p.events); n > 0 {
				at = p.events[n-1].Position
			} else if p.err == nil {
				p.err = &Violation{Position: head, Rule: RulePositions,
					Detail: fmt.Sprintf("the log ends at position %d before its head", at)}
			}
			for n := len(p.events); n > 0 && p.events[n-1].Position > head; n-- {
				p.events = p.events[:n-1] // appended after head was read
			}
			ended.Go(p.fill)
			select {
			case pages <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
		}
	})
	return pages
}

// fill decodes the events of a page.
func (p *page) fill() {
	defer close(p.filled)
	p.decoded = make([]decodedFact, len(p.events))
	for i := range p.events {
		p.decoded[i] = decodeFact(&p.events[i])
	}
}

// Log reads a log once, from its beginning to its present end, and checks it against all rules. gapless is as in
// [New]. progress, which may be nil, is called from time to time with the position reached.
//
// Errors: the first violation, a *[Violation]; those of [events.Store].ReadAll; ctx.Err().
func Log(ctx context.Context, store events.Store, gapless bool,
	progress func(at, head events.Position)) (Verdict, error) {
	v := New(gapless)
	head, err := store.Head(ctx)
	if err != nil {
		return Verdict{}, err
	}
	var ended sync.WaitGroup
	defer ended.Wait()
	readCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	for p := range readPages(readCtx, store, head, &ended) {
		if err = v.checkPage(p); err != nil {
			break
		}
		if progress != nil {
			progress(v.last, head)
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = v.checkEnd()
	}
	if errors.Is(err, events.ErrDamaged) {
		err = &Violation{Position: v.last + 1, Rule: RuleBytes, Detail: err.Error()}
	}
	return Verdict{v.count, len(v.streams), v.internal, head, v.others(), v.ExternalSums(nil)}, err
}

// checkEnd checks that no event is missing at the end of a log. Errors: a *[Violation].
func (v *Verifier) checkEnd() error {
	id, teams := v.ledger.unpromoted()
	if id == "" {
		return nil
	}
	stream := events.NewStreamID(events.TournamentCategory, string(id))
	return &Violation{Position: v.last, Stream: stream, Revision: v.streams[stream].revision, Rule: RuleWaitlist,
		Detail: fmt.Sprintf("%q can be promoted, and the log ends without the promotion", teams)}
}

// checkPage waits until a page is decoded, and checks its events.
func (v *Verifier) checkPage(p *page) error {
	<-p.filled
	for i := range p.events {
		if err := v.checkDecoded(&p.events[i], &p.decoded[i]); err != nil {
			return err
		}
	}
	return p.err
}
