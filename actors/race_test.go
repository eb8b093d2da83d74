//go:build race

package actors

func init() { raceDetector = true }
