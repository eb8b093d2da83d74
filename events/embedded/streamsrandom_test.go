package embedded

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// TestStreamsRandom: after random appends, saves, crashes and restarts, also with an older filter, no existing stream
// counts as absent.
func TestStreamsRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		disk := vfs.NewCrashableMem()
		s := mustOpen(t, "data", Options{FS: disk, memTable: 256 << 10})
		defer func() { closeStore(t, s) }()
		heads := make(map[events.StreamID]events.Revision)
		var saved [][]byte
		reopen := func() {
			s = mustOpen(t, "data", Options{FS: disk, memTable: 256 << 10})
			checkStreams(t, s)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				for range rapid.IntRange(1, 9).Draw(rt, "n") {
					stream := events.NewStreamID("seat", fmt.Sprint(rapid.IntRange(0, 99).Draw(rt, "stream")))
					head, ok := heads[stream]
					if !ok {
						head = events.NoStream
					}
					if _, err := s.Append(t.Context(), stream, head, sampleBatch(1)); err != nil {
						rt.Fatal(err)
					}
					heads[stream] = head + 1
				}
			},
			"save": func(rt *rapid.T) {
				awaitStreams(t, s)
				if len(heads) > 0 {
					s.saveStreams()
					saved = append(saved, readFile(t, disk, filterPath))
				}
			},
			"close": func(rt *rapid.T) { closeStore(t, s); reopen() },
			"crash": func(rt *rapid.T) {
				clone := disk.CrashClone(vfs.CrashCloneCfg{})
				closeStore(t, s)
				disk = clone
				reopen()
			},
			"exchange": func(rt *rapid.T) {
				if len(saved) == 0 {
					rt.Skip("no filter was saved")
				}
				closeStore(t, s)
				writeFile(t, disk, filterPath, rapid.SampledFrom(saved).Draw(rt, "filter"))
				reopen()
			},
			"": func(rt *rapid.T) {
				for stream := range heads {
					if s.streams.absent(stream) {
						rt.Fatalf("absent(%s) = true, want false", stream)
					}
				}
			},
		})
	})
}
