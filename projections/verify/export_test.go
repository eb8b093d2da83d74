package verify

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
