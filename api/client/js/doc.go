// Package js has the JavaScript client: modules for browsers and Node, without dependencies and
// without a build. The server serves them below /client/, and its own pages use the same socket.js.
// README.md has examples.
//
// # Why the types are in comments
//
// The modules run without a compiler, as they are read. So the types are JSDoc, which TypeScript
// checks; it also generates the declarations next to the modules (*.d.ts), and CI fails when these
// are outdated. models.d.ts is generated from openapi.yaml, as the models in Go are.
//
// # Why frames are dropped
//
// A WebSocket in JavaScript has no backpressure, so frames for a slow caller would fill the memory.
// Beyond a thousand pending frames the socket is closed, and opened again once they are consumed:
// the server then sends the missed changes as one delta.
package js
