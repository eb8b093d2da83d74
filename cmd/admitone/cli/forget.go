package cli

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"admitone/actors"
	"admitone/api"
	"admitone/api/contacts"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
)

func newForget() *cobra.Command {
	var from source
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "forget HOLDER",
		Short: "Destroy the key to a holder's contact details",
		Long: "Destroys the key that encrypts the names, e-mail addresses and telephone numbers\n" +
			"given with a holder's reservations, bookings and entries. No one can read them\n" +
			"again. The log never contained them, only the holder's id; it records that the\n" +
			"holder is forgotten. Every server on the log then destroys its key; a stopped one does so\n" +
			"when it starts again. Old copies of the directory contacts/ still have their keys: destroy\n" +
			"those too.",
		Example: "  admitone forget ada\n  admitone forget ada --url http://127.0.0.1:8080 --token $TOKEN",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			known, pending, err := from.forget(cmd, args)
			if err != nil {
				return err
			}
			switch out := cmd.OutOrStdout(); {
			case asJSON:
				fmt.Fprintf(out, "%s\n", api.AppendForgotten(nil, events.Holder(args[0]), known, pending))
			case len(pending) > 0:
				fmt.Fprintf(out, "%s is forgotten; these nodes will destroy their keys before they serve again: %s\n",
					args[0], strings.Join(pending, ", "))
			case known:
				fmt.Fprintf(out, "%s is forgotten: the key is destroyed\n", args[0])
			default:
				fmt.Fprintf(out, "there is nothing to forget about %s\n", args[0])
			}
			return nil
		},
	}
	from.flags(cmd)
	from.directoryOnly(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// forget reports whether there was a key to destroy, and returns the nodes that have not destroyed
// theirs yet.
func (s *source) forget(cmd *cobra.Command, args []string) (known bool, pending []string, err error) {
	if s.url != "" {
		server, err := remote.New(s.url, s.token)
		if err != nil {
			return false, nil, err
		}
		var answer struct {
			Forgotten bool
			Pending   []string
		}
		err = server.Call(cmd.Context(), http.MethodDelete, "/v1/holders/"+url.PathEscape(args[0])+"/contact", "", &answer)
		return answer.Forgotten, answer.Pending, err
	}
	if server.IsRemote(s.store) {
		return false, nil, usagef("the servers store the contacts; give the address of one with --url")
	}
	log, err := s.openStore(cmd, args) // no server may write contacts during this
	if err != nil {
		return false, nil, err
	}
	defer log.Close()
	book, err := contacts.Open(filepath.Join(s.store, server.ContactsFolder),
		slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	if err != nil {
		return false, nil, err
	}
	defer book.Close()
	holder := events.Holder(args[0])
	if !book.HasDataOf(holder) { // only the files show which contacts are lost or damaged
		known, err = book.Forget(holder)
		return known, nil, err
	}
	id := string(actors.NewCommandID())
	_, err = book.Record(cmd.Context(), log, holder, events.Metadata{CommandID: id, CorrelationID: id,
		CausationID: "forget", Actor: "system"})
	return true, nil, err
}
