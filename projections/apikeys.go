package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	registerRows(rowConfig[row.APIKey]{
		version:  "apikey.v2",
		category: events.APIKeyCategory,
		encode:   row.AppendAPIKey,
		decode:   row.DecodeAPIKey,
		apply:    (*row.APIKey).ApplyFact,
		position: func(k *row.APIKey) events.Position { return k.Position },
	})
}

// APIKey returns the row of an API key, and whether it exists. Errors: the disk's.
func (p *Projections) APIKey(id events.APIKeyID) (row.APIKey, bool, error) {
	return rowOf(p, (*rowView[row.APIKey]).table, string(id))
}

// APIKeys returns up to limit API keys with ids above after, as [Projections.Products] does.
// Errors: the disk's.
func (p *Projections) APIKeys(after string, limit int) (page []row.APIKey, next string, err error) {
	return pageOf(p, (*rowView[row.APIKey]).table, after, limit, func(k *row.APIKey) string { return string(k.ID) })
}
