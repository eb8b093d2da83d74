package load

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"admitone/cmd/admitone/remote"
)

// maxViolations bounds the number of listed differences.
const maxViolations = 20

// violations are the differences between the log and the answers.
type violations struct {
	Wrong []string `json:"wrong"`
}

func noViolations() violations { return violations{Wrong: []string{}} }

func (w *violations) faults() []string { return w.Wrong }

func (w *violations) add(format string, args ...any) {
	if len(w.Wrong) < maxViolations {
		w.Wrong = append(w.Wrong, fmt.Sprintf(format, args...))
	}
}

// verdict prints the differences, or the proved statement if there are none.
func (w *violations) verdict(out io.Writer, proved string) error {
	for _, wrong := range w.Wrong {
		fmt.Fprintln(out, "  WRONG:", wrong)
	}
	verdict := "proved: " + proved
	if len(w.Wrong) > 0 {
		verdict = "found wrong; the log and the answers differ"
	}
	_, err := fmt.Fprintln(out, " ", verdict)
	return err
}

// readRetrying reads a resource. It retries while the views lag or the log is unreachable.
func readRetrying(ctx context.Context, server *remote.Log, path string, into any) error {
	return server.CallWithRetry(ctx, http.MethodGet, path, "", into)
}
