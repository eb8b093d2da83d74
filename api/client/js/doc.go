// Package js has the client in JavaScript: modules that a browser and Node run as they are, without
// dependencies and without a build. The server serves them below /client/, and its own pages keep
// their counts current with the same socket.js. README.md shows the client at work.
//
// # Why the types stand in comments
//
// A module that needs a compiler is not what a reader sees. So the types are JSDoc, which TypeScript
// checks; the declarations beside the modules (*.d.ts) are what it makes of them, and CI fails when
// they are old. models.d.ts is written from openapi.yaml with the models in Go.
//
// # Why frames are dropped
//
// A WebSocket in JavaScript can't be told to wait. A caller that takes frames more slowly than they
// come would fill the memory. So beyond a thousand frames that nobody has taken the socket is closed,
// and opened again once they are: the server then sends what was missed as one delta.
package js
