package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// runConfigured runs a small command, with a configuration file unless file is empty, and returns the
// values of its flags and the exit status.
func runConfigured(t *testing.T, file string,
	args ...string) (name string, wait time.Duration, list []string, status int) {
	t.Helper()
	root := &cobra.Command{Use: "root", SilenceErrors: true, SilenceUsage: true}
	root.PersistentFlags().String("config", "", "")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return configure(cmd) }
	cmd := &cobra.Command{Use: "do", RunE: func(*cobra.Command, []string) error { return nil }}
	cmd.Flags().StringVar(&name, "some-name", "default", "")
	cmd.Flags().DurationVar(&wait, "wait", time.Second, "")
	cmd.Flags().StringSliceVar(&list, "list", nil, "")
	other := &cobra.Command{Use: "other"}
	other.Flags().Int("others", 0, "")
	root.AddCommand(cmd, other)
	if file != "" {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	root.SetArgs(append([]string{"do"}, args...))
	status = statusOf(root.Execute())
	return name, wait, list, status
}

// TestConfigure: a flag takes precedence over the environment, the environment over the file, and the
// file over the default.
func TestConfigure(t *testing.T) {
	const file = "some-name: file\nwait: 3s\nothers: 1\nlist: [a, b]\n"
	for _, test := range []struct {
		about, file, variable string
		args                  []string
		want                  string
	}{
		{"nothing", "", "", nil, "default"},
		{"the file", file, "", nil, "file"},
		{"the environment", "", "environment", nil, "environment"},
		{"the environment and the file", file, "environment", nil, "environment"},
		{"a flag, the environment and the file", file, "environment", []string{"--some-name", "flag"}, "flag"},
		{"a flag with its default value", file, "environment", []string{"--some-name", "default"}, "default"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Setenv("ADMITONE_SOME_NAME", test.variable)
			name, wait, list, status := runConfigured(t, test.file, test.args...)
			if name != test.want || status != exitDone {
				t.Errorf("some-name = %q, status %d; want %q, status 0", name, status, test.want)
			}
			if test.file != "" && (wait != 3*time.Second || strings.Join(list, " ") != "a b") {
				t.Errorf("wait = %v, want 3s; list = %q, want [a b]", wait, list)
			}
		})
	}
}

func TestConfigureRefuses(t *testing.T) {
	for about, file := range map[string]string{
		"a name that no command has": "colour: red", "invalid YAML": "{", "a list": "- a",
		"an invalid value": "wait: long",
	} {
		if _, _, _, status := runConfigured(t, file); status != exitUsage {
			t.Errorf("%s: status %d; want status 2", about, status)
		}
	}
	if _, _, _, status := runConfigured(t, "", "--config", filepath.Join(t.TempDir(), "none")); status != exitUsage {
		t.Errorf("no such file: status %d; want status 2", status)
	}
	t.Setenv("ADMITONE_WAIT", "long")
	if _, _, _, status := runConfigured(t, ""); status != exitUsage {
		t.Errorf("an invalid variable: status %d, want 2", status)
	}
	if _, _, _, status := runConfigured(t, "", "--wait", "1s"); status != exitDone {
		t.Errorf("an invalid variable that a flag overrides: status %d, want 0", status)
	}
}

// TestMisspeltVariables: a variable that sets no flag causes a warning.
func TestMisspeltVariables(t *testing.T) {
	t.Setenv("ADMITONE_MAX_SOCKTES", "5")
	t.Setenv("ADMITONE_TEST_ANYTHING", "of the tests")
	t.Setenv("ADMITONE_MAX_SOCKETS", "5") // a flag of another command
	_, stderr := must(t, exitDone, "token", "--sub", "ada", "--role", "admin", "--store", t.TempDir())
	if got := strings.Count(stderr, "no command has such a flag"); got != 1 ||
		!strings.Contains(stderr, "ADMITONE_MAX_SOCKTES is set") {
		t.Errorf("stderr %q; want one warning, with %q", stderr, "ADMITONE_MAX_SOCKTES is set")
	}
}

// TestConfigureCommands: the commands read their flags from all sources.
func TestConfigureCommands(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	t.Setenv("ADMITONE_URL", s.url)
	if stdout, _ := must(t, exitDone, "log"); strings.Count(stdout, "\n") != 5 {
		t.Errorf("log printed %q, want 5 lines", stdout)
	}
	path := filepath.Join(t.TempDir(), "admitone.yaml")
	if err := os.WriteFile(path, []byte("limit: 2\nmax-sockets: 10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ADMITONE_CONFIG", path)
	if stdout, _ := must(t, exitDone, "log"); strings.Count(stdout, "\n") != 2 {
		t.Errorf("log printed %q, want 2 lines", stdout)
	}
}
