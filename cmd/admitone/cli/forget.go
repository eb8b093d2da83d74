package cli

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"

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
		Long: "Destroys the key under which the names, e-mail addresses and telephone numbers are\n" +
			"sealed that came with a holder's reservations, bookings and entries. Nobody can read\n" +
			"them again. The log is not touched: it never had them, and knows the holder by an id.\n" +
			"Old copies of the directory contacts/ keep their keys: destroy those too. With the log\n" +
			"in an EventStoreDB each server keeps the contacts that came in through it.",
		Example: "  admitone forget ada\n  admitone forget ada --url http://127.0.0.1:8080 --token $TOKEN",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			known, err := from.forget(cmd, args)
			if err != nil {
				return err
			}
			switch out := cmd.OutOrStdout(); {
			case asJSON:
				fmt.Fprintf(out, "%s\n", api.AppendForgotten(nil, events.Holder(args[0]), known))
			case known:
				fmt.Fprintf(out, "%s is forgotten: the key is destroyed\n", args[0])
			default:
				fmt.Fprintf(out, "there is nothing to forget about %s\n", args[0])
			}
			return nil
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// forget reports whether there was a key to destroy.
func (s *source) forget(cmd *cobra.Command, args []string) (known bool, err error) {
	if s.url != "" {
		server, err := remote.New(s.url, s.token)
		if err != nil {
			return false, err
		}
		var answer struct{ Forgotten bool }
		err = server.Call(cmd.Context(), http.MethodDelete, "/v1/holders/"+url.PathEscape(args[0])+"/contact", "", &answer)
		return answer.Forgotten, err
	}
	if server.IsRemote(s.store) {
		return false, usagef("each server keeps the contacts that came in through it; name each with --url")
	}
	log, err := s.openStore(cmd, args) // no server may write contacts meanwhile
	if err != nil {
		return false, err
	}
	defer log.Close()
	book, err := contacts.Open(filepath.Join(s.store, server.ContactsFolder),
		slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	if err != nil {
		return false, err
	}
	defer book.Close()
	return book.Forget(events.Holder(args[0]))
}
