package whatif

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// Policy is what is to be different: settings by their names on the wire. What it does
// not name stays as it is recorded.
type Policy map[string]int64

// settings there are, with the least and the most that each can be. Each belongs to
// whatever has a setting of this name.
var settings = map[string][2]int64{
	"hold_seconds":     {1, 86_400},
	"limit_per_holder": {0, product.MaxStock},
	"stock":            {0, product.MaxStock},
	"team_limit":       {1, tournament.MaxTeams},
	"admit_per_second": {0, waitingroom.MaxAdmitPerSecond},
	"max_active":       {1, waitingroom.MaxActive},
	"active_seconds":   {1, waitingroom.MaxActiveSeconds},
}

// Settings are the names that a policy may have, in order.
func Settings() []string { return slices.Sorted(maps.Keys(settings)) }

// ErrBadPolicy: a text that is no setting.
var ErrBadPolicy = errors.New("no such setting")

// ParsePolicy reads settings, each "name=value". Error: ErrBadPolicy.
func ParsePolicy(texts []string) (Policy, error) {
	p := Policy{}
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		bounds, known := settings[name]
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case !known:
			return nil, fmt.Errorf("%w: %q; there are %s", ErrBadPolicy, text, strings.Join(Settings(), ", "))
		case err != nil || n < bounds[0] || n > bounds[1]:
			return nil, fmt.Errorf("%w: %q; %s is a whole number from %d to %d", ErrBadPolicy, text, name, bounds[0], bounds[1])
		}
		p[name] = n
	}
	return p, nil
}

// on puts the policy's value of a setting, if it has one, in the place of another.
func (p Policy) on(name string, value *int64) {
	if mine, set := p[name]; set {
		*value = mine
	}
}

// rooms says that the policy is about waiting rooms.
func (p Policy) rooms() bool {
	for _, name := range []string{"admit_per_second", "max_active", "active_seconds"} {
		if _, set := p[name]; set {
			return true
		}
	}
	return false
}

// before returns a fact from before the range as it has to be folded: how long holds
// last can't be edited, so it is different from the beginning. No recorded deadline
// hangs on it.
func (p Policy) before(fact events.Fact) events.Fact {
	switch f := fact.(type) {
	case *events.ProductCreated:
		mine := *f
		p.on("hold_seconds", &mine.HoldSeconds)
		return &mine
	case *events.PerformanceCreated: // nor can its limit
		mine := *f
		p.on("hold_seconds", &mine.HoldSeconds)
		if mine.LimitPerHolder > 0 { // without one nobody has counted the seats that are held
			p.on("limit_per_holder", &mine.LimitPerHolder)
		}
		return &mine
	}
	return fact
}

// wish returns the fact of a wish as it would be under the policy.
func (p Policy) wish(fact events.Fact) events.Fact {
	switch f := p.before(fact).(type) {
	case *events.ProductCreated:
		p.on("stock", &f.Stock)
		p.on("limit_per_holder", &f.LimitPerHolder)
		return f
	case *events.PerformanceCreated:
		p.on("limit_per_holder", &f.LimitPerHolder)
		return f
	case *events.ProductEdited:
		mine := *f
		p.on("stock", &mine.Stock)
		p.on("limit_per_holder", &mine.LimitPerHolder)
		return &mine
	case *events.TournamentCreated:
		mine := *f
		p.on("team_limit", &mine.TeamLimit)
		return &mine
	case *events.TournamentEdited:
		mine := *f
		p.on("team_limit", &mine.TeamLimit)
		return &mine
	case *events.WaitingRoomOpened:
		mine := *f
		p.room(&mine.WaitingRoomSettings)
		return &mine
	case *events.WaitingRoomChanged:
		mine := *f
		p.room(&mine.WaitingRoomSettings)
		return &mine
	default:
		return f
	}
}

func (p Policy) room(s *events.WaitingRoomSettings) {
	p.on("admit_per_second", &s.AdmitPerSecond)
	p.on("max_active", &s.MaxActive)
	p.on("active_seconds", &s.ActiveSeconds)
}

// begin puts the policy into force for what there is already. Error: it can't be,
// because of what has happened before.
func (p Policy) begin(r *rehearsal) error {
	for _, stream := range slices.Sorted(maps.Keys(r.entities)) {
		var err error
		switch c := r.entities[stream].core.(type) {
		case *product.Product:
			edit := &product.Edit{Stock: p.setting("stock"), LimitPerHolder: p.setting("limit_per_holder")}
			err = r.edit(stream, edit, c.Exists() && *edit != (product.Edit{}))
		case *tournament.Tournament:
			edit := &tournament.Edit{TeamLimit: p.setting("team_limit")}
			err = r.edit(stream, edit, c.Exists() && edit.TeamLimit != nil)
		case *waitingroom.Room:
			if c.Exists() && p.rooms() {
				settings := c.Line().Settings
				p.room(&settings)
				err = r.set(stream, c.ID(), settings)
			}
		}
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
			return fmt.Errorf("%w for %s at that moment: %s", ErrBadPolicy, stream, refusal.Detail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rehearsal) edit(stream events.StreamID, command core.Command, wanted bool) error {
	if !wanted {
		return nil
	}
	_, err := r.command(stream, command)
	return err
}

// setting points to a value, nil if the policy has none.
func (p Policy) setting(name string) *int64 {
	if value, set := p[name]; set {
		return &value
	}
	return nil
}
