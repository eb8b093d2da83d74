package projections

import (
	"fmt"
	"time"

	"admitone/events"
)

// RuleRefusals is what streams of refusals are held to.
const RuleRefusals Rule = "a refusal is kept in the stream of its day, and was decided on what was there by then"

func init() {
	checks[events.RefusalsCategory] = func() check { return refusalCheck{} }
	tales[events.RefusalsCategory] = refusalTale
}

// refusalCheck holds the refusals of a day to the day, and to the log before them.
type refusalCheck struct{}

func (refusalCheck) take(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.RefusalRecorded:
		switch {
		case e.Stream != events.RefusalsOf(decided):
			return faultf(RuleRefusals, "refused at %s", stamp(decided))
		case f.BeatenPosition < 0 || f.BeatenPosition >= int64(e.Position) || (f.BeatenPosition > 0) != (f.BeatenStream != ""):
			return faultf(RuleRefusals, "beaten by position %d, %q", f.BeatenPosition, f.BeatenStream)
		case f.Code == "" || f.Stream == "":
			return faultf(RuleFigures, "a refusal %q of %q", f.Code, f.Stream)
		}
	case *events.RefusalsDropped:
		if f.Count < 1 {
			return faultf(RuleFigures, "it says that %d were dropped", f.Count)
		}
	default:
		return faultf(RuleKnown, "a %s in a stream of refusals", fact.Name())
	}
	return nil
}

// refusalTale says what was refused, and why.
func refusalTale(fact events.Fact, of whose) string {
	switch f := fact.(type) {
	case *events.RefusalRecorded:
		mine := f.Holder != "" && of.has(holderKind, f.Holder)
		for _, id := range f.TeamIDs {
			mine = mine || of.has(teamCategory, id)
		}
		if !mine && !of.everybodys() {
			return ""
		}
		text := fmt.Sprintf("%s wanted %s and was refused: %s, %s", asker(f), wanted(f), f.Code, f.Detail)
		if f.BeatenPosition > 0 {
			text += fmt.Sprintf("; the newest fact was %s@%d, position %d", f.BeatenStream, f.BeatenRevision, f.BeatenPosition)
		}
		return text
	case *events.RefusalsDropped:
		if of.everybodys() {
			return fmt.Sprintf("%s since %s were not kept, because there were too many", counted(f.Count, "refusal"), stamp(f.Since))
		}
	}
	return ""
}
