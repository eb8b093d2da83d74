package esdbwire

import (
	"regexp"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// defaultWindow is the window of a filter that specifies none.
const defaultWindow = 32

// filter selects events by type or stream. nil selects all.
type filter struct {
	types    bool // by type, else by stream
	regex    *regexp.Regexp
	prefixes []string
	// interval is the number of events, selected or not, between checkpoints.
	interval uint64
}

// newFilter decodes a filter. Error: InvalidArgument.
func newFilter(o *streams.ReadReq_Options_FilterOptions) (*filter, error) {
	f := &filter{interval: defaultWindow}
	expression := o.GetStreamIdentifier()
	if expression == nil {
		f.types = true
		expression = o.GetEventType()
	}
	if expression == nil {
		return nil, badRequest("a filter is by stream or by type")
	}
	if text := expression.GetRegex(); text != "" {
		var err error
		if f.regex, err = regexp.Compile(text); err != nil {
			return nil, badRequest("the filter is no regular expression that is known here: %v", err)
		}
	} else if f.prefixes = expression.GetPrefix(); len(f.prefixes) == 0 {
		return nil, badRequest("a filter has an expression or prefixes")
	}
	if window, ok := o.GetWindow().(*streams.ReadReq_Options_FilterOptions_Max); ok {
		f.interval = uint64(window.Max)
	}
	f.interval *= uint64(o.GetCheckpointIntervalMultiplier())
	return f, nil
}

func (f *filter) matches(e *events.Recorded) bool {
	if f == nil {
		return true
	}
	name := string(e.Stream)
	if f.types {
		name = e.Type
	}
	if f.regex != nil {
		return f.regex.MatchString(name)
	}
	for _, prefix := range f.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
