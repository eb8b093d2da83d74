package cli

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLineLimit: of lines with the same message, twenty are written in a second, and the first of a later second
// has the number of those left out. Other messages are not affected, and messages without end take no more memory.
func TestLineLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := newLogger(&out, slog.LevelInfo)
		for i := range 1000 {
			logger.With("stream", i).Error("unavailable", "error", "e")
		}
		logger.Warn("other")
		logger.Debug("below the level")
		if n := strings.Count(out.String(), "unavailable"); n != 20 || strings.Count(out.String(), "\n") != 21 {
			t.Errorf("%d lines with the repeated message in a second, of:\n%s\nwant 20, and 1 other", n, out.String())
		}
		if strings.Contains(out.String(), "omitted") {
			t.Errorf("the first second has a number of omitted lines, want none:\n%s", out.String())
		}
		time.Sleep(time.Second)
		out.Reset()
		logger.Error("unavailable")
		logger.Error("unavailable")
		if lines := strings.Split(out.String(), "\n"); !strings.Contains(lines[0], `"omitted":980`) ||
			strings.Contains(lines[1], "omitted") {
			t.Errorf("the next second: %q, want 980 omitted lines in the first line only", lines)
		}
		counts := logger.Handler().(lineLimiter).counts
		for i := range 5 * maxMessages {
			logger.Info(fmt.Sprint("message ", i))
		}
		if n := len(counts.byMessage); n > maxMessages {
			t.Errorf("%d messages are counted, want at most %d", n, maxMessages)
		}
	})
}
