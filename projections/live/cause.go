package live

// Cause is what made a topic change. Each kind has its own besides these.
type Cause string

// The causes that all kinds have. CauseMixed is that of a delta made of several,
// CauseNone that of one that only confirms that nothing has changed.
const (
	CauseCreated Cause = "created"
	CauseEdited  Cause = "edited"
	CauseMixed   Cause = "mixed"
	CauseNone    Cause = "unchanged"
)

// And returns the cause of a delta that is merged from two.
func (c Cause) And(later Cause) Cause {
	switch {
	case c == CauseNone:
		return later
	case later != CauseNone && later != c:
		return CauseMixed
	}
	return c
}
