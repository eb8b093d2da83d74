package esdbwire

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// expectation is what a writer expects of a stream: a revision, or one of these.
type expectation int64

const (
	expectNone   expectation = -1
	expectAny    expectation = -2
	expectExists expectation = -4
)

// expecting is what the options of Append, Delete and Tombstone have in common;
// batchOptions makes those of BatchAppend the same.
type expecting interface {
	GetStreamIdentifier() *shared.StreamIdentifier
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

// expects reads an expectation. Error: InvalidArgument if there is none.
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

// unset tells revision 0 from none.
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

// batchOptions are the options of a batch append, which use other messages.
type batchOptions struct {
	*streams.BatchAppendReq_Options
}

// GetRevision is the expected revision.
func (o batchOptions) GetRevision() uint64 { return o.GetStreamPosition() }

// GetNoStream says that no stream is expected.
func (o batchOptions) GetNoStream() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetNoStream() != nil)
}

// GetAny says that anything is expected.
func (o batchOptions) GetAny() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetAny() != nil)
}

// GetStreamExists says that the stream is expected to exist.
func (o batchOptions) GetStreamExists() *shared.Empty {
	return emptyIf(o.BatchAppendReq_Options.GetStreamExists() != nil)
}

func emptyIf(is bool) *shared.Empty {
	if is {
		return &shared.Empty{}
	}
	return nil
}
