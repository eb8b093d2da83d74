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

// Error states the place, the rule and the finding.
func (v *Violation) Error() string {
	where := fmt.Sprintf("position %d", v.Position)
	if v.Stream != "" {
		where += fmt.Sprintf(", %s@%d", v.Stream, v.Revision)
	}
	return fmt.Sprintf("%s: broken rule: %s: %s", where, v.Rule, v.Detail)
}

// fault is a Violation without its place.
type fault struct {
	rule   Rule
	detail string
	// at is the event that breaks the rule, if it is not the one that the verifier is at.
	at *location
}

// location is where an event is.
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

// check checks one stream against the rules of its kind. decided is the time at which the fact was decided. After a
// fault it is not called again.
type check interface {
	apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault
}

// checks create the check of a new stream, by category; the files of the kinds fill it in their init functions.
var checks = map[string]func() check{}

// Verifier checks a log against all rules, event by event. Its memory grows with the number of
// entities, not of events. In total, and including the stream's overhead, it needs: for a product
// some 40 bytes per reservation that owns units, as much again while it is held, 15 per ended
// reservation, whose id must not be used again, and 50 if it had a price, because payments may
// arrive; for a tournament some 100 bytes per team with an entry; for a performance some 370 bytes
// per seat with events, 610 per booking and 740 per wallet that has paid; for a waiting room some
// 150 bytes per visitor who waits or has a pass, and 32 per former visitor. It is not safe for
// concurrent use.
type Verifier struct {
	gapless bool
	last    events.Position
	created time.Time
	count   uint64
	streams map[events.StreamID]*verified
	ledger  *ledger
	// foreign counts the events of other programs by category; backwards how often the clock ran
	// backwards.
	foreign   map[string]uint64
	backwards uint64
}

// verified is the verifier's knowledge of a stream.
type verified struct {
	revision events.Revision
	hash     events.Hash
	check    check
}

// New returns a verifier that begins before the first event. gapless means that positions are consecutive and one
// clock has recorded all events, as in the embedded log.
func New(gapless bool) *Verifier {
	return &Verifier{gapless: gapless, streams: map[events.StreamID]*verified{}, ledger: newLedger()}
}

// Events seen so far.
func (v *Verifier) Events() uint64 { return v.count }

// Streams seen so far.
func (v *Verifier) Streams() int { return len(v.streams) }

// Check checks the next event. Streams may be left out as a whole; but performances, their seats, bookings, allowances
// and the wallets that pay for them are checked against one another, and must all be passed or all be left out. After
// an error the verifier can't be used any more.
//
// Error: a *[Violation].
func (v *Verifier) Check(e *events.Recorded) error {
	c := factOf(e)
	return v.checkRead(e, &c)
}

// checkRead is Check with the decoded fact of e.
func (v *Verifier) checkRead(e *events.Recorded, c *readFact) error {
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

func (v *Verifier) check(e *events.Recorded, c *readFact) *fault {
	switch {
	case e.Position <= v.last:
		return faultf(RulePositions, "it follows position %d", v.last)
	case v.gapless && e.Position != v.last+1:
		return faultf(RulePositions, "it directly follows position %d", v.last)
	case v.gapless && e.Created.Before(v.created):
		return faultf(RuleClock, "recorded at %s, the one before at %s", events.FormatTime(e.Created),
			events.FormatTime(v.created))
	}
	if f := v.passing(e); f != nil {
		return f
	}
	if e.Stream.Internal() {
		return v.passed(e)
	}
	stream, ok := v.streams[e.Stream]
	if !ok {
		stream = &verified{revision: events.NoStream}
	}
	hash, err := events.CheckLink(stream.hash, e)
	if !ok {
		if isForeign(e, c, err == nil) {
			v.noteForeign(e)
			return v.passed(e)
		}
		if stream.check = v.begin(e.Stream); stream.check == nil {
			return faultf(RuleKnown, "no kind has streams of the category %q", e.Stream.Category())
		}
		v.streams[events.StreamID(strings.Clone(string(e.Stream)))] = stream
	}
	if e.Revision != stream.revision+1 {
		return faultf(RuleRevisions, "it follows revision %d", stream.revision)
	}
	if err != nil {
		return faultf(RuleChain, "%v", err)
	}
	if c.fault != nil {
		return c.fault
	}
	if f := v.checkMark(c.fact); f != nil {
		return f
	}
	if f := stream.check.apply(e, c.fact, c.decided); f != nil {
		return f
	}
	stream.revision, stream.hash = e.Revision, hash
	return v.passed(e)
}

// passing advances the log's time to that of e, before e itself is checked.
func (v *Verifier) passing(e *events.Recorded) *fault {
	if v.count > 0 {
		v.ledger.begun.pass(max(0, e.Created.Sub(v.created)))
	}
	return v.ledger.begun.overdue()
}

// begin creates the check of a new stream; nil for none.
func (v *Verifier) begin(stream events.StreamID) check {
	if begin := checks[stream.Category()]; begin != nil {
		return begin()
	}
	if begin := ledgerChecks[stream.Category()]; begin != nil {
		return begin(v.ledger, strings.Clone(stream.Entity()))
	}
	return nil
}

// passed records that e was checked.
func (v *Verifier) passed(e *events.Recorded) *fault {
	if v.last = e.Position; e.Created.Before(v.created) {
		v.backwards++
	} else {
		v.created = e.Created
	}
	v.count++
	return nil
}
