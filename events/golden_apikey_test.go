package events

import "time"

func init() { addGolden(goldenAPIKey) }

var goldenAPIKey = map[string]Fact{
	"apikey.created.v1": &APIKeyCreated{APIKeyID: "0197a3c2-7d3e-7c11-9a43-0d5b6a1f2e01", DisplayName: "box-office",
		Role: "service", Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		ExpiresAt: time.Date(2027, 3, 4, 5, 6, 7, 8_000_000, time.UTC)},
	"apikey.ended.v1": &APIKeyEnded{APIKeyID: "0197a3c2-7d3e-7c11-9a43-0d5b6a1f2e01"},
}
