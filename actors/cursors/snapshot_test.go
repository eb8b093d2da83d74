package cursors

import (
	"testing"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
)

func TestSnapshotFields(t *testing.T) {
	coretest.RequireSnapshotFields(t, snapshotVersion, core.Cursor{})
}
