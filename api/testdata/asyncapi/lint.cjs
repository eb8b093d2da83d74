// Holds a description to AsyncAPI 3.0: node lint.cjs FILE, with the parser in NODE_PATH. It ends
// with status 1 if something is to be said of the file.

const { resolve } = require("node:path");
const { Parser, fromFile } = require("@asyncapi/parser");

const file = resolve(process.argv[2]);
fromFile(new Parser(), file).parse().then(({ document, diagnostics }) => {
  // A newer AsyncAPI than the one that the file is written in is no fault of it.
  const found = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
  for (const { code, path, message, range } of found) {
    console.log(`${file}:${range.start.line + 1} ${code} at ${path.join("/")}: ${message}`);
  }
  if (!document || found.length > 0) process.exit(1);
  console.log(`${document.allMessages().length} messages of ${document.allOperations().length} operations`);
});
