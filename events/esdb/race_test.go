//go:build race

package esdb

func init() { raceDetector = true }
