// Package sockettest has a WebSocket client for the tests of the sockets and of the API.
package sockettest
