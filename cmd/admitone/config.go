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
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || wrong != nil {
			return
		}
		variable := "ADMITONE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
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
