package cli

import (
	"errors"
	"io"
	"strings"
	"testing"

	"admitone/cmd/admitone/progress"
	"admitone/events"
)

// TestVerifyOfSilentLog: verify ends if the log stops answering, and says that there is no verdict.
func TestVerifyOfSilentLog(t *testing.T) {
	t.Parallel()
	log := newEventStore(t)
	proxied := newProxy(t, "127.0.0.1:0", log.host)
	address := strings.Replace(log.address(), log.host, proxied.ln.Addr().String(), 1)
	from, cmd := source{store: address}, newVerify()
	cmd.SetContext(t.Context())
	store, err := from.open(cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	defer proxied.heal()
	proxied.cut()
	v := verdict{Source: from.name()}
	err = v.run(t.Context(), store, from, nil, progress.New(io.Discard))
	if !errors.Is(err, events.ErrUnavailable) || !strings.Contains(err.Error(), address+" stopped answering") {
		t.Errorf("verify of a silent log: %v; want %v, and its address", err, events.ErrUnavailable)
	}
}
