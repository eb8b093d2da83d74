package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build describes the build of this program, as printed with version --json.
type build struct {
	Version string `json:"version"`
	// Revision is the commit, "" if the program was built outside of a repository; Modified means
	// that the source differed from the commit.
	Revision string `json:"revision"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
}

func readBuild() build {
	b := build{Version: "unknown", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String returns version and commit on one line.
func (b build) String() string {
	if b.Revision == "" {
		return b.Version
	}
	return b.Version + " " + b.Revision
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print how this program was built: version, revision, Go",
		Example: "  admitone version\n  admitone version --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := readBuild()
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
			}
			revision := b.Revision
			switch {
			case revision == "":
				revision = "unknown; build inside the repository, without -buildvcs=false"
			case b.Modified:
				revision += " (modified)"
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "version  %s\nrevision %s\ngo       %s\n", b.Version, revision, b.Go)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON object")
	return cmd
}
