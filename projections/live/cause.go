package live

// Cause is the cause of a topic's change. Each kind adds its own causes.
type Cause string

// The common causes. CauseMixed is the cause of a delta merged from different ones, CauseNone of a delta without
// changes.
const (
	CauseCreated Cause = "created"
	CauseEdited  Cause = "edited"
	// CauseCancelled means that the organiser has cancelled the entity.
	CauseCancelled Cause = "cancelled"
	CauseMixed     Cause = "mixed"
	CauseNone      Cause = "unchanged"
)

// MergedWith returns the cause of a delta that is merged from two.
func (c Cause) MergedWith(later Cause) Cause {
	switch {
	case c == CauseNone:
		return later
	case later != CauseNone && later != c:
		return CauseMixed
	}
	return c
}
