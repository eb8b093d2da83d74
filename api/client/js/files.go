package js

import "embed"

// Files are the modules.
//
//go:embed *.js
var Files embed.FS
