package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/remote"
)

// clusterView is the answer of GET /v1/cluster.
type clusterView struct {
	Clustered bool   `json:"clustered"`
	View      string `json:"view"`
	Nodes     []struct {
		Name       string   `json:"name"`
		Self       bool     `json:"self"`
		State      string   `json:"state"`
		Suspected  bool     `json:"suspected"`
		Version    string   `json:"version"`
		HTTP       string   `json:"http"`
		Share      float64  `json:"share"`
		Heard      *float64 `json:"heard_seconds_ago"`
		Since      string   `json:"since"`
		Position   int64    `json:"position"`
		KeysDiffer bool     `json:"keys_differ"`
	} `json:"nodes"`
	Departed []struct {
		Name    string `json:"name"`
		State   string `json:"state"`
		At      string `json:"at"`
		HTTP    string `json:"http"`
		Version string `json:"version"`
	} `json:"departed"`
	Hops struct {
		Passed      int64 `json:"passed"`
		DecidedHere int64 `json:"decided_here"`
		Misplaced   int64 `json:"misplaced"`
	} `json:"hops"`
	Rooms []struct {
		ID    string `json:"id"`
		Owner string `json:"owner"`
		Node  string `json:"node"`
		Term  int64  `json:"term"`
	} `json:"rooms"`
	Cursors []struct {
		Stream  string `json:"stream"`
		Node    string `json:"node"`
		Term    int64  `json:"term"`
		Reached int64  `json:"reached"`
	} `json:"cursors"`
}

func newCluster() *cobra.Command {
	var address, token string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "The nodes of a running system, and how much each owns",
		Long: "The nodes of a running system, how much each owns, and those that went away in the last ten minutes: left after " +
			"they were stopped, or lost. The page /cluster of each node shows them, live. Each node needs a name of its own, see " +
			"admitone serve --node.",
		Example: "  admitone cluster --url http://127.0.0.1:8080 --token $TOKEN",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if address == "" {
				return usagef("give the address of a node with --url, such as http://127.0.0.1:8080")
			}
			server, err := remote.New(address, token)
			if err != nil {
				return err
			}
			var answer json.RawMessage
			if err := server.Call(cmd.Context(), http.MethodGet, "/v1/cluster", "", &answer); err != nil {
				return err
			}
			if asJSON {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(answer)))
				return err
			}
			var view clusterView
			if err := json.Unmarshal(answer, &view); err != nil {
				return fmt.Errorf("unexpected answer of %s/v1/cluster: %w", address, err)
			}
			return view.print(cmd)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, like /v1/cluster")
	cmd.Flags().StringVar(&address, "url", "", "address of a node")
	cmd.Flags().StringVar(&token, "token", "",
		"a token of an auditor or admin; needed when the server runs with --auth jwt")
	return cmd
}

func (v *clusterView) print(cmd *cobra.Command) error {
	if !v.Clustered {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "the server is not a node of a cluster; see admitone serve --cluster")
		return err
	}
	out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "node\tstate\towns\theard\tsince\tposition\taddress\tversion")
	for _, n := range v.Nodes {
		received := "itself"
		if n.Heard != nil {
			received = time.Duration(*n.Heard * float64(time.Second)).Round(time.Millisecond).String()
		}
		state := n.State
		if n.Suspected {
			state += ", silent"
		}
		if n.KeysDiffer {
			state += ", keys differ"
		}
		fmt.Fprintf(out, "%s\t%s\t%.0f %%\t%s\t%s\t%d\t%s\t%s\n", n.Name, state, 100*n.Share, received, n.Since, n.Position,
			n.HTTP, n.Version)
	}
	if len(v.Departed) > 0 {
		fmt.Fprintln(out, "\ngone\tstate\tsince\taddress\tversion")
	}
	for _, d := range v.Departed {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.State, d.At, d.HTTP, d.Version)
	}
	if len(v.Rooms) > 0 {
		fmt.Fprintln(out, "\nwaiting room\towner\tterm\trun by")
	}
	for _, r := range v.Rooms {
		by := r.Node
		switch {
		case by != "":
		case r.Term > 0:
			by = "none of these nodes"
		default:
			by = "nobody yet"
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%s\n", r.ID, r.Owner, r.Term, by)
	}
	if len(v.Cursors) > 0 {
		fmt.Fprintln(out, "\nwork outside\tnode\tterm\treached")
	}
	for _, c := range v.Cursors {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\n", c.Stream, c.Node, c.Term, c.Reached)
	}
	fmt.Fprintf(
		out,
		"\nrequests passed on to their owner: %d; decided here in its place: %d; received that belong to others: %d\n",
		v.Hops.Passed,
		v.Hops.DecidedHere,
		v.Hops.Misplaced,
	)
	return out.Flush()
}
