package history

import (
	"fmt"

	"admitone/events"
)

func init() {
	register(kind{category: events.PlanCategory, describe: describePlan, example: "plan/opera"})
}

// describePlan describes a fact of a seating plan.
func describePlan(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.PlanPartAdded:
		return fmt.Sprintf("%s of its text stored, from byte %d", counted(int64(len(f.Text)), "byte"), f.Offset)
	case *events.PlanSealed:
		return fmt.Sprintf("sealed as %q, with %s and %s", f.DisplayName, counted(f.Seats, "seat"),
			counted(f.Places, "standing place"))
	}
	return ""
}
