package settlement

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

func TestSnapshotFields(t *testing.T) {
	coretest.RequireSnapshotFields(t, snapshotVersion, events.SettlementClaimed{})
}
