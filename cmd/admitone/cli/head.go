package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
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
			"verify --against later proves that nothing before it was changed. For a log in an\n" +
			"EventStoreDB it is the newest that a server has signed, and covers this system's own\n" +
			"events alone.",
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
	if server.IsRemote(s.store) {
		return s.headKept(cmd, args)
	}
	if isUnwritable(s.store) {
		return s.headUnkept(cmd, args)
	}
	store, err := s.openStore(cmd, args)
	if err != nil {
		return h, err
	}
	defer store.Close()
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	tree, err := server.OpenTree(cmd.Context(), store, s.store, 0, logger)
	if err != nil {
		return h, err
	}
	signed, err := grown(cmd.Context(), tree)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(signed.AppendJSON(nil, tree.Key), &h)
}

// headKept reads the newest head that the servers on an EventStoreDB have signed.
func (s *source) headKept(cmd *cobra.Command, args []string) (h logHead, err error) {
	store, err := s.open(cmd, args)
	if err != nil {
		return h, err
	}
	defer store.Close()
	signed, key, err := merkle.NewestHead(cmd.Context(), store)
	if errors.Is(err, merkle.ErrNoHeads) {
		return h, fmt.Errorf("%s: %w; the servers that use it sign heads, unless they run with --sign-every 0", s.name(), err)
	}
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(merkle.AppendHeadJSON(nil, &signed, key), &h)
}

// headUnkept signs a head over a log in a directory that can't be written: the tree is built in
// memory. The key must exist.
func (s *source) headUnkept(cmd *cobra.Command, args []string) (h logHead, err error) {
	store, err := s.open(cmd, args)
	if err != nil {
		return h, err
	}
	defer store.Close()
	key, err := server.FindHeadKey(s.store, store.Epoch())
	if err != nil {
		return h, err
	}
	if key == nil {
		return h, fmt.Errorf("no head of the log in %s was ever signed, and the key for it can't be made: the directory "+
			"can't be written", s.store)
	}
	edge := merkle.CompactRange{}
	for e, err := range events.All(cmd.Context(), store, 0) {
		if err != nil {
			return h, err
		}
		edge.Add(nil, &e)
	}
	signed, err := key.Sign(merkle.Head{Epoch: store.Epoch(), Size: edge.Size, Root: edge.Root()})
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(signed.AppendJSON(nil, key), &h)
}

// grown adds the whole log to the tree and closes it.
func grown(ctx context.Context, tree *merkle.Tree) (h merkle.Checkpoint, err error) {
	if err = tree.CatchUp(ctx); err == nil {
		h, err = tree.Head()
	}
	if closed := tree.Close(ctx); err == nil {
		err = closed
	}
	return h, err
}
