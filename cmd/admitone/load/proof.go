package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"admitone/cmd/admitone/remote"
)

// maxWrong bounds how many faults are listed.
const maxWrong = 20

// wrongs are what does not fit between the log and the answers.
type wrongs struct {
	Wrong []string `json:"wrong"`
}

func noWrongs() wrongs { return wrongs{Wrong: []string{}} }

func (w *wrongs) faults() []string { return w.Wrong }

func (w *wrongs) wrong(format string, args ...any) {
	if len(w.Wrong) < maxWrong {
		w.Wrong = append(w.Wrong, fmt.Sprintf(format, args...))
	}
}

// verdict ends a report with the verdict: what is proved if nothing is wrong.
func (w *wrongs) verdict(out io.Writer, proved string) error {
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

// ask reads a resource, waiting for the read side while it is behind.
func ask(ctx context.Context, server *remote.Log, path string, into any) error {
	for again := 0; ; again++ {
		err := server.Call(ctx, http.MethodGet, path, "", into)
		if behind := (*remote.Problem)(nil); err == nil || !errors.As(err, &behind) || behind.Code != "projection_behind" || again == 30 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
