// Package client speaks to a server of admitone: commands and reads over HTTP, live topics over a
// WebSocket, signatures of webhooks, and receipts. README.md shows it at work.
//
// It knows nothing of the server but what openapi.yaml and asyncapi.yaml say, so a program may take
// it as it is. For receipts it has the server's own check, which is the one that admitone receipt
// check runs.
//
// # Why a command has a key without being asked
//
// A connection that breaks says nothing about what became of the command. So each command by POST
// carries an Idempotency-Key, made up once, and every retry carries the same: the server gives
// the answer that it gave, and nothing is done twice. When the patience of the client is at its end,
// the error is an [Unanswered] with that key, for whoever wants to go on later.
//
// # Why an edit is not retried
//
// An edit names the version that it is based on. Sent again after a broken connection it would be
// refused as stale if the first one was done, which looks as if somebody else had been faster. So
// an edit is retried only when the server says that it did nothing; otherwise read again.
//
// # Why a watch has no gaps and no repetitions
//
// A delta names the position of its topic's frame before. [Client.Watch] yields a delta only behind
// the very frame that it names, and subscribes anew from the last one yielded if another comes. A
// new connection goes on from there too: the server sends one delta with all that was missed, or, if
// it can't, a snapshot, which takes the place of all before.
//
// # Why the models are generated
//
// models.go is written from openapi.yaml by a test, which fails when they differ. Another test fails
// when an operation of openapi.yaml has no method here.
package client
