package esdbwire

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// expectation is the expected revision of a stream, or one of these constants.
type expectation int64

const (
	expectNone   expectation = -1
	expectAny    expectation = -2
	expectExists expectation = -4
)

// expecting is the common part of the options of Append, Delete and Tombstone. batchOptions adapts the
// options of BatchAppend.
type expecting interface {
	GetStreamIdentifier() *shared.StreamIdentifier
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

// expects decodes an expectation. Error: InvalidArgument if there is none.
func expects(o expecting) (expectation, error) {
	switch {
	case o.GetNoStream() != nil:
		return expectNone, nil
	case o.GetAny() != nil:
		return expectAny, nil
	case o.GetStreamExists() != nil:
		return expectExists, nil
	}
	revision := o.GetRevision()
	if revision == 0 && unset(o) {
		return 0, badRequest("an expected revision is missing")
	}
	if revision == math.MaxUint64 {
		return expectNone, nil
	}
	if revision > math.MaxInt64 {
		return 0, badRequest("%d is no revision", revision)
	}
	return expectation(revision), nil
}

// unset reports whether no expectation is set, as opposed to revision 0.
func unset(o expecting) bool {
	switch o := o.(type) {
	case *streams.AppendReq_Options:
		return o.ExpectedStreamRevision == nil
	case *streams.DeleteReq_Options:
		return o.ExpectedStreamRevision == nil
	case *streams.TombstoneReq_Options:
		return o.ExpectedStreamRevision == nil
	case batchOptions:
		return o.ExpectedStreamPosition == nil
	}
	return false
}

// batchOptions adapts the options of a batch append, which use other messages.
type batchOptions struct {
	*streams.BatchAppendReq_Options
}

// GetRevision implements expecting.
func (o batchOptions) GetRevision() uint64 { return o.GetStreamPosition() }

// GetNoStream implements expecting.
func (o batchOptions) GetNoStream() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetNoStream() != nil)
}

// GetAny implements expecting.
func (o batchOptions) GetAny() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetAny() != nil)
}

// GetStreamExists implements expecting.
func (o batchOptions) GetStreamExists() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetStreamExists() != nil)
}

func emptyIf(set bool) *shared.Empty {
	if set {
		return &shared.Empty{}
	}
	return nil
}
