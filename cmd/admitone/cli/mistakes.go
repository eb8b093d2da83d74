package cli

import (
	"errors"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/usage"
)

// checkOrigins checks the values of --allow-origin: origins as browsers send them, or *.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if origin == "*" || origin == "null" || err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+
			u.Host == origin && !strings.ContainsAny(origin, " \t") {
			continue
		}
		return usagef("--allow-origin is a scheme and a host such as https://shop.example or http://127.0.0.1:3000, or "+
			"*, not %q", origin)
	}
	return nil
}

// wrongValue explains why a flag can't have a value; err is the parser's error.
func wrongValue(f *pflag.Flag, value string, err error) error {
	expected := map[string]string{
		"int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0 on", "float64": "a number",
		"duration": "a time such as 10s, 5m or 1h30m", "bool": "true or false",
	}[f.Value.Type()]
	if expected == "" {
		return usage.Errorf("--%s can't be %q: %w", f.Name, value, err)
	}
	return usage.Errorf("--%s is %s, not %q", f.Name, expected, value)
}

// wrongFlag translates an error of parsing flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		err = wrongValue(invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap())
	}
	return usagef("%w%s; see %s --help", err, unknownFlag(cmd, err), cmd.CommandPath())
}

// wrongArguments is the error for arguments that the command's usage does not name.
func wrongArguments(cmd *cobra.Command, args []string) error {
	_, names, _ := strings.Cut(cmd.Use, " ")
	names, _, _ = strings.Cut(names, " --")
	example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	switch {
	case names == "" || strings.HasPrefix(names, "--"):
		return usagef("%s takes no arguments, and got %q; see %[1]s --help", cmd.CommandPath(), args[0])
	case len(args) == 0:
		return usagef("%s is missing; for example: %s", names, example)
	}
	return usagef("%s takes one %s, and got %q too; see %[1]s --help", cmd.CommandPath(), names, args[1])
}
