package history

import "admitone/events"

func init() {
	register(kind{category: events.CursorCategory, ids: Derived,
		describe: func(fact events.Fact, subj subject) string {
			if !subj.isEveryone() {
				return ""
			}
			return describeCursor(fact)
		},
		links:   func(*links, *events.Recorded, events.Fact) {},
		example: "cursor/stripe~sessions (external work for the events of the log, and its progress)"})
}
