// Package client is the Go client of admitone's API: commands and reads over HTTP, live topics over a
// WebSocket, and checks of webhook signatures and receipts. README.md has examples.
//
// It depends only on openapi.yaml and asyncapi.yaml, not on the server's code, with one exception:
// [CheckReceipt] shares its implementation with the command admitone receipt check.
//
// # Why every command has an Idempotency-Key
//
// After a broken connection the outcome of a command is unknown. So each POST carries a random
// Idempotency-Key, and all its retries carry the same one: the server repeats its first answer, and
// executes nothing twice. When the retries end without an answer, the error is an [*Unanswered] with
// that key, with which the command may be repeated later.
//
// # Why an edit is not retried
//
// An edit names the version on which it is based. If it was executed and its answer lost, a retry
// would be refused as stale, as if somebody else had made an edit. So an edit is retried only if the
// server has rejected it without executing it; otherwise the caller has to read the resource again.
//
// # Why a watch has no gaps and no duplicates
//
// A delta names the position of its topic's previous frame. [Client.Watch] yields a delta only after
// exactly that frame. On a mismatch it subscribes again from the last frame that it has yielded, and
// so does a new connection. The server then sends one delta with everything that was missed or, if it
// can't, a snapshot, which replaces everything before.
//
// # Why the models are generated
//
// models.go is generated from openapi.yaml by a test, which fails if they differ. Another test fails
// if an operation of openapi.yaml has no method here.
package client
