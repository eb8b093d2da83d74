package verify

import (
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Rule is a rule for the whole log.
type Rule string

// The rules for all kinds, as they are printed; each kind has more.
const (
	RulePositions Rule = "positions increase, and those of the embedded log have no gaps"
	RuleClock     Rule = "the clock of the embedded log never runs backwards"
	RuleRevisions Rule = "the revisions of a stream have no gaps"
	RuleChain     Rule = "every event carries the hash of its bytes and of the event before it"
	RuleBytes     Rule = "stored events are as they were written"
	RuleKnown     Rule = "every fact is known, and in a stream of its kind"
	RuleCreation  Rule = "a stream begins with its creation and has no other"
	RuleFigures   Rule = "the figures in a fact are those that the facts add up to"
	RuleViews     Rule = "the views on disk are the fold of the log up to their checkpoint"
)

// Violation is the first event that breaks a rule.
type Violation struct {
	Position events.Position
	Stream   events.StreamID
	Revision events.Revision
	Rule     Rule
	// Detail describes the finding.
	Detail string
}

// Error names the place, the rule and the finding.
func (v *Violation) Error() string {
	where := fmt.Sprintf("position %d", v.Position)
	if v.Stream != "" {
		where += fmt.Sprintf(", %s@%d", v.Stream, v.Revision)
	}
	return fmt.Sprintf("%s: broken rule: %s: %s", where, v.Rule, v.Detail)
}

// fault is a Violation whose location is not yet known.
type fault struct {
	rule   Rule
	detail string
	// at is the location of the event that breaks the rule, nil for the event being checked.
	at *location
}

// location identifies an event.
type location struct {
	position events.Position
	stream   events.StreamID
	revision events.Revision
}

func locate(e *events.Recorded) location {
	return location{e.Position, events.StreamID(strings.Clone(string(e.Stream))), e.Revision}
}

func faultf(rule Rule, format string, args ...any) *fault {
	return &fault{rule: rule, detail: fmt.Sprintf(format, args...)}
}

// check checks one stream against the rules of its kind.
type check interface {
	// apply checks and folds a fact, which was decided at the time decided. It is not called again after a fault.
	apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault
}

// checks has the constructors of checks, by category of the stream. The files of the kinds add them in init functions.
var checks = map[string]func() check{}

// Verifier checks a log against all rules, event by event. It is not safe for concurrent use.
//
// Its memory grows with the number of entities, not of events. Including the overhead of the
// streams, it needs about:
//   - for a product, 40 bytes per reservation that owns units, twice as much while it is held, and
//     15 per ended reservation, or 50 if it had a price, because payments may still arrive;
//   - for a tournament, 100 bytes per team with an entry;
//   - for a performance, 370 bytes per seat with events, 610 per booking and 740 per wallet that
//     has paid;
//   - for a waiting room, 150 bytes per visitor who waits or has a pass, and 32 per former visitor.
type Verifier struct {
	gapless bool
	last    events.Position
	created time.Time
	count   uint64
	// internal is the number of events in the store's own streams, which count includes.
	internal uint64
	streams  map[events.StreamID]*streamState
	ledger   *ledger
	// foreign has the number of events of other programs, by category; backwards is the number of times that the
	// clock ran backwards.
	foreign   map[string]uint64
	backwards uint64
}

// streamState is the state of a stream after its last checked event.
type streamState struct {
	revision events.Revision
	hash     events.Hash
	check    check
}

// New returns a verifier that begins before the first event. gapless means that positions are consecutive and one
// clock has recorded all events, as in the embedded log.
func New(gapless bool) *Verifier {
	return &Verifier{gapless: gapless, streams: map[events.StreamID]*streamState{}, ledger: newLedger()}
}

// Events returns the number of events checked so far.
func (v *Verifier) Events() uint64 { return v.count }

// Streams returns the number of streams of this system so far.
func (v *Verifier) Streams() int { return len(v.streams) }

// Check checks the next event. Whole streams may be left out. However, performances, their seats, bookings, allowances
// and the wallets that pay for them are checked against one another: either all or none of them must be passed. After
// an error the verifier must not be used.
//
// Errors: a *[Violation].
func (v *Verifier) Check(e *events.Recorded) error {
	c := decodeFact(e)
	return v.checkDecoded(e, &c)
}

// checkDecoded is Check with the decoded fact of e.
func (v *Verifier) checkDecoded(e *events.Recorded, c *decodedFact) error {
	f := v.check(e, c)
	if f == nil {
		return nil
	}
	at := location{e.Position, e.Stream, e.Revision}
	if f.at != nil {
		at = *f.at
	}
	return &Violation{Position: at.position, Stream: at.stream, Revision: at.revision, Rule: f.rule, Detail: f.detail}
}

func (v *Verifier) check(e *events.Recorded, c *decodedFact) *fault {
	switch {
	case e.Position <= v.last:
		return faultf(RulePositions, "it is not after position %d", v.last)
	case v.gapless && e.Position != v.last+1:
		return faultf(RulePositions, "it follows position %d, with a gap", v.last)
	case v.gapless && e.Created.Before(v.created):
		return faultf(RuleClock, "recorded at %s, the one before at %s", events.FormatTime(e.Created),
			events.FormatTime(v.created))
	}
	if f := v.advanceTime(e); f != nil {
		return f
	}
	if e.Stream.Internal() {
		v.internal++
		return v.accept(e)
	}
	stream, ok := v.streams[e.Stream]
	if !ok {
		stream = &streamState{revision: events.NoStream}
	}
	hash, err := events.CheckLink(stream.hash, e)
	if !ok {
		if isForeign(e, c, err == nil) {
			v.countForeign(e)
			return v.accept(e)
		}
		if stream.check = v.newCheck(e.Stream); stream.check == nil {
			return faultf(RuleKnown, "no kind has streams of the category %q", e.Stream.Category())
		}
		v.streams[events.StreamID(strings.Clone(string(e.Stream)))] = stream
	}
	if e.Revision != stream.revision+1 {
		return faultf(RuleRevisions, "it follows revision %d, with a gap or a repetition", stream.revision)
	}
	if err != nil {
		return faultf(RuleChain, "%v", err)
	}
	if c.fault != nil {
		return c.fault
	}
	if f := v.checkCursorMark(c.fact); f != nil {
		return f
	}
	if f := stream.check.apply(e, c.fact, c.decided); f != nil {
		return f
	}
	stream.revision, stream.hash = e.Revision, hash
	return v.accept(e)
}

// advanceTime advances the log's time to that of e, and reports unconfirmed holds that are overdue then.
func (v *Verifier) advanceTime(e *events.Recorded) *fault {
	if v.count > 0 {
		v.ledger.unconfirmed.advance(max(0, e.Created.Sub(v.created)))
	}
	return v.ledger.unconfirmed.overdue()
}

// newCheck returns the check of a new stream, nil if its category has none.
func (v *Verifier) newCheck(stream events.StreamID) check {
	if begin := checks[stream.Category()]; begin != nil {
		return begin()
	}
	if begin := ledgerChecks[stream.Category()]; begin != nil {
		return begin(v.ledger, strings.Clone(stream.Entity()))
	}
	return nil
}

// accept records that e has been checked.
func (v *Verifier) accept(e *events.Recorded) *fault {
	if v.last = e.Position; e.Created.Before(v.created) {
		v.backwards++
	} else {
		v.created = e.Created
	}
	v.count++
	return nil
}
