package projections

import (
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Rule is one of those that a whole log is held to.
type Rule string

// The rules of all kinds, as they are printed; each kind has its own besides.
const (
	RulePositions Rule = "positions increase, and those of the embedded log have no gaps"
	RuleClock     Rule = "the log's clock never runs backwards"
	RuleRevisions Rule = "the revisions of a stream have no gaps"
	RuleChain     Rule = "every event carries the hash of its bytes and of the event before it"
	RuleBytes     Rule = "what is stored is what was written"
	RuleKnown     Rule = "every fact is known, and in a stream of its kind"
	RuleCreation  Rule = "a stream begins with its creation and has no other"
	RuleFigures   Rule = "the figures in a fact are those that the facts add up to"
	RuleViews     Rule = "the views on disk are the fold of the log up to their checkpoint"
)

// Violation is the first event that breaks a rule. It is an [ErrViolated].
type Violation struct {
	Position events.Position
	Stream   events.StreamID
	Revision events.Revision
	Rule     Rule
	// Detail says what was found.
	Detail string
}

// Error says where, which rule, and what was found.
func (v *Violation) Error() string {
	where := fmt.Sprintf("position %d", v.Position)
	if v.Stream != "" {
		where += fmt.Sprintf(", %s@%d", v.Stream, v.Revision)
	}
	return fmt.Sprintf("%s: broken rule: %s: %s", where, v.Rule, v.Detail)
}

// Is makes every Violation an [ErrViolated].
func (v *Violation) Is(target error) bool { return target == ErrViolated }

// fault is a Violation whose place the verifier knows.
type fault struct {
	rule   Rule
	detail string
}

func faultf(rule Rule, format string, args ...any) *fault {
	return &fault{rule, fmt.Sprintf(format, args...)}
}

// check holds one stream to the rules of its kind. decided is the time that the
// rules saw when they made the fact. After a fault it is not asked again.
type check interface {
	take(e *events.Recorded, fact events.Fact, decided time.Time) *fault
}

// checks make the check of a new stream, by category; the files of the kinds fill
// it in their init functions.
var checks = map[string]func() check{}

// Verifier holds a log to all rules, event by event. What it keeps grows with what the
// log is about, and not with its events; all figures are of everything, the end of the
// stream included. Of a product it keeps some 35 bytes per reservation that owns units,
// as much again while it is held, and some 15 per reservation that has ended: none may
// be made again. Of a tournament some 100 bytes per team that takes part; of a
// performance some 370 bytes per seat that was ever touched, 610 per booking and 740 per
// wallet that has paid once; of a waiting room some 150 bytes per visitor who waits or
// has a pass, and 32 per one who is gone. One goroutine may use it.
type Verifier struct {
	gapless bool
	last    events.Position
	created time.Time
	count   uint64
	streams map[events.StreamID]*verified
	ledger  *ledger
}

// verified is what is known of a stream up to where the verifier is.
type verified struct {
	revision events.Revision
	hash     events.Hash
	check    check
}

// NewVerifier begins before the first event. gapless says that positions are
// consecutive, as in the embedded log.
func NewVerifier(gapless bool) *Verifier {
	return &Verifier{gapless: gapless, streams: map[events.StreamID]*verified{}, ledger: newLedger()}
}

// Events and Streams seen so far.
func (v *Verifier) Events() uint64 { return v.count }

// Streams seen so far.
func (v *Verifier) Streams() int { return len(v.streams) }

// Take holds the next event to the rules. The events of some streams may be left
// out, if all of them are; but performances, their seats, bookings, allowances and
// the wallets that pay for them are held to one another, and go together. After an error the verifier is of no more use.
//
// Error: a *[Violation].
func (v *Verifier) Take(e *events.Recorded) error {
	c := factOf(e)
	return v.takeRead(e, &c)
}

// takeRead is Take with what somebody has read in e before.
func (v *Verifier) takeRead(e *events.Recorded, c *readFact) error {
	if f := v.take(e, c); f != nil {
		return &Violation{Position: e.Position, Stream: e.Stream, Revision: e.Revision, Rule: f.rule, Detail: f.detail}
	}
	return nil
}

func (v *Verifier) take(e *events.Recorded, c *readFact) *fault {
	switch {
	case e.Position <= v.last:
		return faultf(RulePositions, "it comes behind position %d", v.last)
	case v.gapless && e.Position != v.last+1:
		return faultf(RulePositions, "it comes right behind position %d", v.last)
	case e.Created.Before(v.created):
		return faultf(RuleClock, "recorded at %s, the one before at %s", stamp(e.Created), stamp(v.created))
	}
	if e.Stream.Internal() {
		return v.passed(e)
	}
	stream, ok := v.streams[e.Stream]
	if !ok {
		check := v.begin(e.Stream)
		if check == nil {
			return faultf(RuleKnown, "no kind has streams of the category %q", e.Stream.Category())
		}
		stream = &verified{revision: events.NoStream, check: check}
		v.streams[events.StreamID(strings.Clone(string(e.Stream)))] = stream
	}
	if e.Revision != stream.revision+1 {
		return faultf(RuleRevisions, "it follows revision %d", stream.revision)
	}
	hash, err := events.CheckLink(stream.hash, e)
	if err != nil {
		return faultf(RuleChain, "%v", err)
	}
	if c.fault != nil {
		return c.fault
	}
	if f := stream.check.take(e, c.fact, c.decided); f != nil {
		return f
	}
	stream.revision, stream.hash = e.Revision, hash
	return v.passed(e)
}

// begin makes the check of a new stream; nil if there is none.
func (v *Verifier) begin(stream events.StreamID) check {
	if begin := checks[stream.Category()]; begin != nil {
		return begin()
	}
	if begin := ledgerChecks[stream.Category()]; begin != nil {
		return begin(v.ledger, strings.Clone(stream.Entity()))
	}
	return nil
}

// passed moves on behind e.
func (v *Verifier) passed(e *events.Recorded) *fault {
	v.last, v.created = e.Position, e.Created
	v.count++
	return nil
}

// stamp is how people are told a time.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
