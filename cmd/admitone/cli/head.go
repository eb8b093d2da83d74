package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/merkle"
)

// logHead is the answer of /v1/log/head.
type logHead struct {
	Epoch    string `json:"epoch"`
	Size     int64  `json:"size"`
	Position int64  `json:"position"`
	Root     string `json:"root"`
	Note     string `json:"note"`
	Key      string `json:"key"`
	Counts   string `json:"counts"`
}

func newHead() *cobra.Command {
	var from source
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "head",
		Short: "Print the signed head of the log, which identifies all of it in five lines",
		Long: "Prints the signed head of the log, to be stored where the log's operator can't change it:\n" +
			"verify --against later proves that nothing before it was changed. It covers all events of\n" +
			"a log in a directory, and is signed with its head.key; nothing in the directory changes.\n" +
			"For a log that servers share, in an EventStoreDB or in the directory of admitone eventstore,\n" +
			"it is the newest head that a server has signed, and covers this system's own events alone,\n" +
			"without those of the store itself: \"counts\" is \"own\" instead of \"all\".",
		Example: "  admitone head > monday.head\n  admitone head --url http://127.0.0.1:8080 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := from.head(cmd, args)
			if err != nil {
				return err
			}
			text := h.Note
			if asJSON {
				line, err := json.Marshal(h)
				if err != nil {
					return err
				}
				text = string(line) + "\n"
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, like /v1/log/head, with the key that signed it")
	return cmd
}

// head requests a signed head from the server, or signs one over the log in a directory.
func (s *source) head(cmd *cobra.Command, args []string) (h logHead, err error) {
	if s.url != "" {
		server, err := remote.New(s.url, s.token)
		if err != nil {
			return h, err
		}
		return h, server.Call(cmd.Context(), http.MethodGet, "/v1/log/head", "", &h)
	}
	store, err := s.open(cmd, args)
	if err != nil {
		return h, err
	}
	defer store.Close()
	key, err := s.headKey(store)
	if err != nil {
		return h, err
	}
	if key == nil {
		return s.headInLog(cmd.Context(), store)
	}
	signed, err := s.signHead(cmd, store.(*embedded.Store), key)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(signed.AppendJSON(nil, key), &h)
}

// publicKey returns the public half of the key that signs the heads of a log.
func (s *source) publicKey(cmd *cobra.Command, args []string) (string, error) {
	if s.embedded() {
		store, err := s.open(cmd, args)
		if err != nil {
			return "", err
		}
		key, err := s.headKey(store)
		if err := errors.Join(err, store.Close()); err != nil {
			return "", err
		}
		if key != nil {
			return key.String(), nil
		}
	}
	h, err := s.head(cmd, args)
	return h.Key, err
}

// headKey returns the key of the heads over all events of a log, nil for an EventStoreDB and for a
// directory without one.
func (s *source) headKey(store events.Store) (*merkle.Key, error) {
	if server.IsRemote(s.store) {
		return nil, nil
	}
	return server.FindHeadKey(s.store, store.Epoch())
}

// headInLog reads the newest head that the servers on a shared log have signed; admitone eventstore
// stores it in the directory of the log, like all of its events.
func (s *source) headInLog(ctx context.Context, store events.Store) (h logHead, err error) {
	signed, key, err := merkle.NewestHead(ctx, store)
	if errors.Is(err, merkle.ErrNoHeads) && !server.IsRemote(s.store) {
		return h, fmt.Errorf("%s has no %s to sign a head with; admitone serve creates it when it starts on that directory, "+
			"and verify --key checks a copy against a head of the original", s.store, server.HeadKeyFile)
	}
	if errors.Is(err, merkle.ErrNoHeads) {
		return h, fmt.Errorf("%s: %w; the servers that use it sign heads, unless they run with --sign-every 0", s.name(), err)
	}
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(merkle.AppendHeadJSON(nil, &signed, key), &h)
}

// signHead signs a head over the whole log in a directory, which it only reads. The log must agree
// with the heads signed before. Errors: as merkle.Check.Take; a *server.Loss; the log's.
func (s *source) signHead(cmd *cobra.Command, store *embedded.Store, key *merkle.Key) (h merkle.Checkpoint, err error) {
	check, err := treeCheck(s.store, store.Epoch())
	if err != nil {
		return h, err
	}
	defer check.Close()
	end, err := store.Head(cmd.Context())
	if err != nil {
		return h, err
	}
	bar := progress.New(cmd.ErrOrStderr())
	defer bar.Done()
	for e, err := range events.All(cmd.Context(), store, 0) {
		if err == nil {
			err = check.Take(&e)
		}
		if err != nil {
			return h, err
		}
		if e.Position%headProgress == 0 {
			bar.Say("reading the log: position %d of %d", e.Position, end)
		}
	}
	if err := check.End(); err != nil {
		return h, err
	}
	if err := server.FindLoss(cmd.Context(), store, s.store); err != nil {
		return h, err
	}
	edge := check.CompactRange()
	return key.Sign(merkle.Head{Epoch: store.Epoch(), Size: check.Size(), Root: edge.Root()})
}

// headProgress is the number of events after which the progress is shown again.
const headProgress = 1 << 16
