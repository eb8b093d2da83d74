package kinds

import (
	"admitone/actors/core"
	"admitone/events"
)

// Policy has the values of the settings that what-if changes, by their names in the HTTP API. Other settings keep
// their recorded values.
type Policy map[string]int64

// Apply sets *value to that of the policy, if the policy has the setting.
func (p Policy) Apply(setting string, value *int64) {
	if changed, ok := p[setting]; ok {
		*value = changed
	}
}

// Value returns the value of a setting, or nil if the policy does not have it.
func (p Policy) Value(setting string) *int64 {
	if value, ok := p[setting]; ok {
		return &value
	}
	return nil
}

// Changes reports whether the policy has any setting of a kind.
func (p Policy) Changes(k *Kind) bool {
	if k.Settings == nil {
		return false
	}
	for setting := range p {
		if _, ok := k.Settings.Bounds[setting]; ok {
			return true
		}
	}
	return false
}

// Settings describes the settings of a kind that a policy can change. Functions may be nil.
type Settings struct {
	// Bounds has the least and the greatest value of each setting, by name. A setting of several
	// kinds has the same bounds in each.
	Bounds map[string][2]int64
	// Before returns a fact from before the simulated range with the policy's values of the settings that Edit
	// does not change, so that these hold from the beginning. No recorded deadline depends on them.
	Before func(events.Fact, Policy) events.Fact
	// Intent returns the fact of a request as it is under the policy.
	Intent func(events.Fact, Policy) events.Fact
	// Edit returns the command that applies a policy to an existing entity, or nil if the entity does not exist or
	// the policy changes no setting that can be edited.
	Edit func(core.Core, Policy) core.Command
}
