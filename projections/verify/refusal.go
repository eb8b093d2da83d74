package verify

import (
	"time"

	"admitone/events"
)

// RuleRefusals is the rule of streams of refusals, as it is printed.
const RuleRefusals Rule = "a refusal is recorded in the stream of its day, and depends on earlier events only"

func init() {
	checks[events.RefusalsCategory] = func() check { return refusalCheck{} }
}

// refusalCheck checks the day of the refusals in a stream, and that each was decided on an earlier fact.
type refusalCheck struct{}

func (refusalCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.RefusalRecorded:
		switch {
		case e.Stream != events.RefusalsOf(decided):
			return faultf(RuleRefusals, "refused at %s", events.FormatTime(decided))
		case f.BeatenPosition < 0 || f.BeatenPosition >= int64(e.Position) ||
			(f.BeatenPosition > 0) != (f.BeatenStream != ""):
			return faultf(RuleRefusals, "beaten by position %d, %q", f.BeatenPosition, f.BeatenStream)
		case f.Code == "" || f.Stream == "":
			return faultf(RuleFigures, "a refusal %q of %q", f.Code, f.Stream)
		}
	case *events.RefusalsDropped:
		if f.Count < 1 {
			return faultf(RuleFigures, "it records that %d were dropped", f.Count)
		}
	default:
		return faultf(RuleKnown, "a %s in a stream of refusals", fact.Name())
	}
	return nil
}
