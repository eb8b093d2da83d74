// Package input checks the parts that requests and messages of clients are made of: JSON
// and ids.
package input
