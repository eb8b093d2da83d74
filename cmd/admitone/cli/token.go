package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

func newToken() *cobra.Command {
	var sub, role, file string
	var s server.Settings
	var life time.Duration
	var tokenClaims claims
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Create a token for a server that runs with --auth jwt",
		Long: "Creates a token, signed with the secret of a server, which that creates at its first start in its\n" +
			"store, or in --secrets.",
		Example: "  admitone token --sub ada --role holder --for 24h\n" +
			"  admitone token --sub ada --role admin --secrets /etc/admitone",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sub == "" || role == "" {
				return usagef("give --sub, the subject of the token, and --role: holder, auditor, service, door or admin")
			}
			if life < time.Second {
				return usagef("--for is the lifetime of the token, a second or more, for example 24h")
			}
			auth := api.JWTAuth{Secret: make([]byte, server.LeastSecret)}
			if err := tokenClaims.apply(&auth); err != nil {
				return err
			}
			// The claims are checked before a secret is created.
			if _, err := auth.Token(sub, api.Role(role), time.Now(), life); err != nil {
				return usagef("%w", err)
			}
			if err := checkSecretFlags(cmd, &s, "jwt-secret-file"); err != nil {
				return err
			}
			creates := false
			if file == "" {
				var err error
				if creates, err = createsSecret(&s); err != nil {
					return err
				}
			}
			secret, err := server.JWTSecret(file, s.SecretsDirectory())
			if err != nil {
				return err
			}
			if creates {
				noteSecret(cmd, &s)
			}
			auth.Secret = secret
			token, err := auth.Token(sub, api.Role(role), time.Now(), life)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&sub, "sub", "", "subject of the token: a holder's name")
	f.StringVar(&role, "role", "", "holder, auditor, service, door or admin")
	f.DurationVar(&life, "for", 24*time.Hour, "how long it lives")
	tokenClaims.flags(f, "get; none if empty")
	f.StringVar(&file, "jwt-secret-file", "", "file with the server's secret (default: jwt.key in --secrets)")
	secretFlags(cmd, &s)
	return cmd
}
