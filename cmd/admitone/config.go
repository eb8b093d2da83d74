package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// configure fills the flags that were not given: from the environment
// (--max-sockets is ADMITONE_MAX_SOCKETS), else from the file that --config names,
// a YAML map of flag names to values. A name in the file that no command has is
// a mistake; one that another command has is not.
func configure(cmd *cobra.Command) error {
	file, err := readConfig(cmd)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, command := range append(cmd.Root().Commands(), cmd.Root()) {
		command.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		command.PersistentFlags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	}
	for name := range file {
		if !known[name] {
			return usagef("the configuration file has %q, which is no flag of any command", name)
		}
	}
	warnOfVariables(cmd, known)
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || wrong != nil {
			return
		}
		variable := variableOf(f.Name)
		value, source := os.Getenv(variable), variable
		if value == "" {
			value, source = file[f.Name], "the configuration file"
		}
		if value == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			wrong = usagef("--%s from %s: %w", f.Name, source, err)
		}
	})
	return wrong
}

// variablePrefix begins the names of variables that are flags, and testPrefix of those
// that the tests are told something by.
const (
	variablePrefix = "ADMITONE_"
	testPrefix     = variablePrefix + "TEST_"
)

func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// warnOfVariables tells of variables that look like flags and are none: a misspelt one
// would be no mistake that anybody sees. It is no more than a warning, for others may
// call their own variables so.
func warnOfVariables(cmd *cobra.Command, flags map[string]bool) {
	known := map[string]bool{}
	for name := range flags {
		known[variableOf(name)] = true
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) && !strings.HasPrefix(name, testPrefix) && !known[name] {
			fmt.Fprintf(cmd.ErrOrStderr(), "admitone: %s is set, and no command has such a flag\n", name)
		}
	}
}

func readConfig(cmd *cobra.Command) (map[string]string, error) {
	path, _ := cmd.Flags().GetString("config")
	if path == "" {
		path = os.Getenv("ADMITONE_CONFIG")
	}
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("--config: %w", err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, usagef("--config %s: %w", path, err)
	}
	file := map[string]string{}
	for name, value := range values {
		if list, ok := value.([]any); ok {
			parts := make([]string, len(list))
			for i := range list {
				parts[i] = fmt.Sprint(list[i])
			}
			file[name] = strings.Join(parts, ",")
			continue
		}
		file[name] = fmt.Sprint(value)
	}
	return file, nil
}
