package verify

import "admitone/events"

// Categories returns the categories that have rules.
func Categories() (all []string) {
	for category := range checks {
		all = append(all, category)
	}
	for category := range ledgerChecks {
		all = append(all, category)
	}
	return all
}

// UseAreas adds areas to the current layout of a performance.
func (v *Verifier) UseAreas(id events.PerformanceID, areas []events.Area) {
	t := v.ledger.performances[id].latest
	t.layout = t.layout.WithAreas(areas)
}
