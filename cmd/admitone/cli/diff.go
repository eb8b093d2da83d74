package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/kinds"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/projections/row"
)

// change is a member of a resource at two moments; null represents a missing one.
type change struct {
	Name string          `json:"name"`
	From json.RawMessage `json:"from"`
	To   json.RawMessage `json:"to"`
}

// comparison is the output of diff.
type comparison struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	From moment `json:"from"`
	To   moment `json:"to"`
	// Changes are ordered as the resource's members, then by the names of its parts.
	Changes []change `json:"changes"`
}

// moment is one side of a comparison.
type moment struct {
	Position events.Position `json:"position"`
	Time     time.Time       `json:"time"`
	// Existed means that the resource existed at that moment.
	Existed bool `json:"existed"`
}

func newDiff() *cobra.Command {
	var source source
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff KIND/ID --from MOMENT --to MOMENT",
		Short: "Show the changes of one resource between two moments",
		Long: "Shows the changes of one resource between two moments. KIND is one of\n" + shownKindsInHelp() + ",\n" +
			"with ids as in admitone history --help.",
		Example: "  admitone diff product/1 --from 2031-05-01T20:00:00Z --to 2031-05-01T20:00:03Z\n  admitone diff " +
			"performance/hall --from 17 --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, id, err := entity(args[0])
			if err != nil {
				return err
			}
			if kinds.Find(kind) == nil {
				return usagef("diff supports the kinds %s, not %q", shownKinds(), kind)
			}
			if from == "" {
				return usagef("give the first moment with --from: a log position or an RFC 3339 time")
			}
			store, err := source.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			c := &comparison{Kind: kind, ID: id, Changes: []change{}}
			if err := c.run(cmd.Context(), store, from, to); err != nil {
				return err
			}
			for flag, moment := range map[string]string{"--from": from, "--to": to} {
				if err := server.NoteEnd(cmd.Context(), cmd.ErrOrStderr(), store, flag, moment); err != nil {
					return err
				}
			}
			if !c.From.Existed && !c.To.Existed {
				return notThere(cmd.ErrOrStderr(), "there was no %s in %s, neither then nor later", args[0], source.name())
			}
			return c.print(cmd.OutOrStdout(), asJSON)
		},
	}
	source.flags(cmd)
	cmd.Flags().StringVar(&from, "from", "", "first moment: a log position or an RFC 3339 time")
	cmd.Flags().StringVar(&to, "to", "", "second moment (default: now)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON object")
	return cmd
}

// run reads the resource at both moments and compares the two.
func (c *comparison) run(ctx context.Context, store events.Store, from, to string) error {
	if to == "" {
		to = time.Now().Format(time.RFC3339Nano)
	}
	before, was, err := c.at(ctx, store, "--from", from, &c.From)
	if err != nil {
		return err
	}
	after, is, err := c.at(ctx, store, "--to", to, &c.To)
	if err != nil {
		return err
	}
	if times := strings.Contains(from, ":") && strings.Contains(to, ":"); c.From.Position > c.To.Position || times &&
		c.From.Time.After(c.To.Time) {
		return usagef("--from is after --to")
	}
	c.compare(before, after)
	c.compareParts(was, is)
	return nil
}

// at reads the resource at a moment: its members, and its parts if it has any.
func (c *comparison) at(ctx context.Context, store events.Store, flag, text string,
	m *moment) (members []leaf, parts kinds.Parts, err error) {
	when, err := row.MomentOf(ctx, store, text)
	if errors.Is(err, row.ErrBadMoment) {
		return nil, parts, usagef("%s: %w", flag, err)
	}
	if err != nil {
		return nil, parts, err
	}
	*m = moment{Position: when.Position, Time: when.Time}
	s, err := kinds.Find(c.Kind).Show(ctx, store, c.ID, when)
	if err != nil || s == nil {
		return nil, parts, err
	}
	m.Existed = true
	if s.Parts != nil {
		parts = s.Parts()
	}
	dec := json.NewDecoder(bytes.NewReader(s.JSON(nil)))
	dec.UseNumber()
	members, err = flatten(dec, "", nil)
	return members, parts, err
}

// leaf is a value in a resource that has no members itself, with the path to it.
type leaf struct {
	name  string
	value string // JSON
}

// flatten reads the next value. Elements of a list are named by their id, otherwise by their index.
func flatten(dec *json.Decoder, name string, all []leaf) ([]leaf, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	open, nested := token.(json.Delim)
	if !nested {
		value, err := json.Marshal(token)
		return append(all, leaf{name, string(value)}), err
	}
	for n := 0; dec.More(); n++ {
		place := fmt.Sprint(n)
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			place = fmt.Sprint(key)
		}
		first := len(all)
		if all, err = flatten(dec, strings.TrimPrefix(name+"."+place, "."), all); err != nil {
			return nil, err
		}
		if open == '[' {
			nameByID(all[first:], name+"."+place)
		}
	}
	_, err = dec.Token()
	return all, err
}

// nameByID replaces the index of a list's element by its id, if it has one.
func nameByID(leaves []leaf, place string) {
	for _, m := range leaves {
		id := ""
		if m.name != place+".id" || json.Unmarshal([]byte(m.value), &id) != nil {
			continue
		}
		list := place[:strings.LastIndexByte(place, '.')+1]
		for i := range leaves {
			leaves[i].name = list + id + strings.TrimPrefix(leaves[i].name, place)
		}
		return
	}
}

// compare finds the members that differ.
func (c *comparison) compare(before, after []leaf) {
	was, is := map[string]string{}, map[string]string{}
	for _, m := range before {
		was[m.name] = m.value
	}
	for _, m := range after {
		is[m.name] = m.value
	}
	seen := map[string]bool{}
	for _, m := range slices.Concat(after, before) {
		if !seen[m.name] && was[m.name] != is[m.name] {
			c.Changes = append(c.Changes, change{m.name, valueOrNull(was, m.name), valueOrNull(is, m.name)})
		}
		seen[m.name] = true
	}
}

func valueOrNull(values map[string]string, name string) json.RawMessage {
	if value, ok := values[name]; ok {
		return json.RawMessage(value)
	}
	return json.RawMessage("null")
}

// compareParts finds the parts whose states differ, sorted by name.
func (c *comparison) compareParts(was, is kinds.Parts) {
	noun, otherwise, all := was.Noun, was.Default, map[string]string{}
	if noun == "" {
		noun, otherwise = is.Noun, is.Default
	}
	maps.Copy(all, was.States)
	maps.Copy(all, is.States)
	stateOf := func(p kinds.Parts, name string) string {
		if state, ok := p.States[name]; ok {
			return state
		}
		return otherwise
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		from, to := stateOf(was, name), stateOf(is, name)
		if from != to {
			c.Changes = append(c.Changes, change{noun + " " + name, events.AppendJSONString(nil, from),
				events.AppendJSONString(nil, to)})
		}
	}
}

func (c *comparison) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(c)
	}
	_, err := fmt.Fprintf(out, "%s/%s from position %d, %s to position %d, %s\n", c.Kind, c.ID,
		c.From.Position, events.FormatTime(c.From.Time), c.To.Position, events.FormatTime(c.To.Time))
	if err == nil && !c.From.Existed {
		_, err = fmt.Fprintln(out, "  it did not exist before")
	}
	if err == nil && len(c.Changes) == 0 {
		_, err = fmt.Fprintln(out, "  nothing changed")
	}
	for i := range c.Changes {
		if err != nil {
			return err
		}
		d := &c.Changes[i]
		_, err = fmt.Fprintf(out, "  %-20s %s → %s\n", d.Name, formatValue(d.From), formatValue(d.To))
	}
	return err
}

// formatValue formats a JSON value for people.
func formatValue(value json.RawMessage) string {
	var text string
	switch {
	case string(value) == "null":
		return "—"
	case json.Unmarshal(value, &text) == nil:
		return text
	}
	return string(value)
}
