package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"admitone/api/codes"
	"admitone/cmd/admitone/remote"
)

// maxViolations bounds the listed faults.
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

// verdict ends a report with the faults, or with what is proved.
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

// ask reads a resource; it waits while the views are behind.
func ask(ctx context.Context, server *remote.Log, path string, into any) error {
	for again := 0; ; again++ {
		err := server.Call(ctx, http.MethodGet, path, "", into)
		problem := (*remote.Problem)(nil)
		if !errors.As(err, &problem) || problem.Code != codes.ProjectionBehind || again == 30 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
