package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// configure sets the flags that were not given: from the environment (ADMITONE_MAX_SOCKETS for
// --max-sockets), otherwise from the file that --config names, a YAML map of flag names to values.
// A name in the file must be a flag of some command, not necessarily of this one.
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
			return usagef("the configuration file has %q, which is not a flag of any command%s", name,
				didYouMean(name, slices.Collect(maps.Keys(known)), ""))
		}
	}
	warnUnknownVariables(cmd, known)
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || wrong != nil {
			return
		}
		variable := variableName(f.Name)
		value, source := os.Getenv(variable), variable
		if value == "" {
			value, source = file[f.Name], "the configuration file"
		}
		if value == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			cause := err
			if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
				cause = invalid.Unwrap()
			}
			wrong = usagef("%s: %w", source, wrongValue(f, value, cause))
		}
	})
	return wrong
}

// variablePrefix is the prefix of variables that set flags, and testPrefix that of variables of the
// tests.
const (
	variablePrefix = "ADMITONE_"
	testPrefix     = variablePrefix + "TEST_"
)

// variableName returns the environment variable that sets a flag.
func variableName(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// warnUnknownVariables warns of environment variables that have the prefix and name no flag, because a
// misspelt name would go unnoticed. It is not an error, because other programs may use the prefix.
func warnUnknownVariables(cmd *cobra.Command, flags map[string]bool) {
	known := map[string]bool{}
	for name := range flags {
		known[variableName(name)] = true
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
