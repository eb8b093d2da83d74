package whatif

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"admitone/actors/core"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
)

// bounds returns the least and the greatest value of every setting of every kind.
func bounds() map[string][2]int64 {
	all := map[string][2]int64{}
	for _, k := range kinds.All {
		if k.Settings != nil {
			maps.Copy(all, k.Settings.Bounds)
		}
	}
	return all
}

// Settings returns the names that a policy may have, sorted.
func Settings() []string { return slices.Sorted(maps.Keys(bounds())) }

// ErrBadPolicy is returned for a setting that does not exist or can't have the given value.
var ErrBadPolicy = errors.New("no such setting")

// ParsePolicy reads settings, each "name=value". Error: ErrBadPolicy.
func ParsePolicy(texts []string) (kinds.Policy, error) {
	p, all := kinds.Policy{}, bounds()
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		limits, known := all[name]
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case !known:
			return nil, fmt.Errorf("%w: %q; there are %s", ErrBadPolicy, text, strings.Join(Settings(), ", "))
		case err != nil || n < limits[0] || n > limits[1]:
			return nil, fmt.Errorf("%w: %q; %s is a whole number from %d to %d",
				ErrBadPolicy, text, name, limits[0], limits[1])
		}
		p[name] = n
	}
	return p, nil
}

// before returns a fact from before the range as it has to be folded under the policy.
func (q *run) before(stream events.StreamID, fact events.Fact) events.Fact {
	if s := kinds.Of(stream).Settings; s != nil && s.Before != nil {
		return s.Before(fact, q.Policy)
	}
	return fact
}

// intent returns the fact of a request as it would be under the policy.
func (q *run) intent(stream events.StreamID, fact events.Fact) events.Fact {
	if k := kinds.Of(stream); k != nil && k.Settings != nil && k.Settings.Intent != nil {
		return k.Settings.Intent(fact, q.Policy)
	}
	return fact
}

// changesRooms reports whether the policy has settings of waiting rooms.
func (q *run) changesRooms() bool { return q.Policy.Changes(kinds.Find("waiting-room")) }

// applyPolicy applies the policy to the existing entities. Error: ErrBadPolicy if the state of an
// entity does not permit it.
func (q *run) applyPolicy() error {
	for _, stream := range slices.Sorted(maps.Keys(q.whatIf.entities)) {
		k := kinds.Of(stream)
		if !q.Policy.Changes(k) || k.Settings.Edit == nil {
			continue
		}
		command := k.Settings.Edit(q.whatIf.entities[stream].core, q.Policy)
		if command == nil {
			continue
		}
		_, err := q.whatIf.command(stream, command)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
			return fmt.Errorf("%w for %s at that moment: %s", ErrBadPolicy, stream, refusal.Detail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
