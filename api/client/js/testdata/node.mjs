// What Node before 22 lacks, from the packages that the tests have installed.

import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

globalThis.crypto ??= webcrypto;
if (!globalThis.WebSocket) globalThis.WebSocket = createRequire(join(process.env.NODE_PATH, "none.js"))("ws").WebSocket;
