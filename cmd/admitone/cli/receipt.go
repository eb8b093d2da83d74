package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"admitone/events"
	"admitone/events/merkle"
	"admitone/projections/history"
)

func newReceipt() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipt",
		Short: "Check a receipt, or print the key that receipts are checked with",
		Example: "  admitone receipt key > log.key\n" +
			"  curl http://127.0.0.1:8080/v1/products/1/reservations/…/receipt > receipt.json\n" +
			"  admitone receipt check receipt.json --key log.key",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newReceiptCheck(), newReceiptKey())
	for _, command := range cmd.Commands() {
		checkArguments(command)
	}
	return cmd
}

func newReceiptKey() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Print the public half of the key that signs the log's heads",
		Example: "  admitone receipt key --store /var/lib/admitone\n  admitone receipt key --url http://127.0.0.1:8080",
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := from.publicKey(cmd, args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), key)
			return err
		},
	}
	from.flags(cmd)
	return cmd
}

// checked is the result of receipt check, as printed with --json.
type checked struct {
	Good bool `json:"good"`
	// Reason is why the receipt is invalid.
	Reason   string `json:"reason,omitempty"`
	Position int64  `json:"position,omitempty"`
	Stream   string `json:"stream,omitempty"`
	Type     string `json:"type,omitempty"`
	Text     string `json:"text,omitempty"`
	// Size and Root are those of the log that contains the event.
	Size int64  `json:"size,omitempty"`
	Root string `json:"root,omitempty"`
}

func newReceiptCheck() *cobra.Command {
	var key string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE --key K",
		Short: "Check a receipt offline",
		Long: "Checks a receipt with only the public half of the log's key: no server\n" +
			"and no log are needed. Ends with status 0 if the event is in the log that the key has\n" +
			"signed, with 1 if the receipt does not prove that.",
		Example: "  admitone receipt check receipt.json --key log.key\n  curl … | admitone receipt check - --key " +
			"admitone/…+…+…",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			verifier, err := verifierOf(key)
			if err != nil {
				return err
			}
			text, err := readFile(cmd, args[0], maxReceipt)
			if err != nil {
				return err
			}
			return checkReceipt(text, verifier).report(cmd.OutOrStdout(), asJSON)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the public half of the log's key, or a file with it; see admitone receipt key")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the result as a JSON object")
	return cmd
}

// verifierOf reads --key: the key itself, or a file that contains it.
func verifierOf(key string) (note.Verifier, error) {
	if key == "" {
		return nil, usagef("--key is the public half of the log's key, or a file with it; admitone receipt key prints it")
	}
	if !strings.Contains(key, "+") {
		text, err := os.ReadFile(key)
		if err != nil {
			return nil, usagef("--key: %w", err)
		}
		key = string(text)
	}
	verifier, err := merkle.NewVerifier(key)
	if err != nil {
		return nil, usagef("--key: %w", err)
	}
	return verifier, nil
}

// maxReceipt bounds the size of a receipt or a head.
const maxReceipt = 100 << 20

// readFile reads a file, or standard input for "-", but at most this many bytes.
func readFile(cmd *cobra.Command, name string, limit int64) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef("%w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return nil, usagef("%s: %w", name, err)
	}
	return text, nil
}

func checkReceipt(text []byte, verifier note.Verifier) checked {
	r, err := merkle.CheckReceipt(text, verifier)
	if err != nil {
		return checked{Reason: err.Error()}
	}
	c := checked{Good: true, Position: int64(r.Event.Position), Stream: string(r.Event.Stream), Type: r.Event.Type,
		Size: r.Head.Size, Root: r.Head.Root.String()}
	// The event may be from a later version, in which case this program can't describe it.
	if line, err := history.Describe(&r.Event); err == nil {
		c.Text = fmt.Sprintf("%s  %s  (by %s, request %s)", events.FormatTime(line.Time), line.Text, line.Actor,
			line.RequestID)
	}
	return c
}

func (c checked) report(out io.Writer, asJSON bool) error {
	var err error
	switch {
	case asJSON:
		err = json.NewEncoder(out).Encode(c)
	case c.Good:
		_, err = fmt.Fprintf(out, "good: position %d, %s, %s\n  %s\n  in the log of %d events with the root %s\n",
			c.Position, c.Stream, c.Type, c.Text, c.Size, c.Root)
	default:
		_, err = fmt.Fprintln(out, "bad:", c.Reason)
	}
	if err == nil && !c.Good {
		err = errCheckFailed
	}
	return err
}
