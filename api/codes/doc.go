// Package codes defines the codes of problems that only the API reports; the rules' codes are in
// actors/core. The API's table maps each code to an HTTP status.
package codes
