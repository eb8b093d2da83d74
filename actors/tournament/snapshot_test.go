package tournament

import (
	"testing"

	"admitone/actors/core/coretest"
)

func TestSnapshotFields(t *testing.T) {
	coretest.RequireSnapshotFields(t, snapshotVersion, snapshotHeader{})
}
