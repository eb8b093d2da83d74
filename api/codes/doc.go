// Package codes has the codes of problems that only the API reports. Those of the rules
// are in actors/core. Each has a status in the table of the API.
package codes
