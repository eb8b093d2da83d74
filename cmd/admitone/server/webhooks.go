package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"admitone/api/webhooks"
	"admitone/cmd/admitone/usage"
)

// WebhooksKeyFile has the key that the secrets of webhooks are derived from, below the store's
// directory, if no other file is named.
const WebhooksKeyFile = "webhooks.key"

// WebhookSettings configure deliveries to webhooks.
type WebhookSettings struct {
	KeyFile      string // "" for webhooks.key in the directory
	AllowPrivate bool   // http, and addresses of private networks
	Faster       int    // divisor of all delays, for tests
}

// readableByGroup are the permissions of a created key file: the owner's, and reading by the group,
// for backups.
const readableByGroup = 0o640

// webhooksKey reads the key of webhooks, and creates it if needed. Errors: a [usage.Error] for a file without a key;
// the disk's.
func webhooksKey(s *Settings) (*webhooks.Key, error) {
	file, made := s.Webhooks.KeyFile, false
	if file == "" {
		file = filepath.Join(s.SecretsDirectory(), WebhooksKeyFile)
	}
	err := makeFile(file, func() []byte { made = true; return newSecret() })
	if err == nil && made {
		err = os.Chmod(file, readableByGroup)
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := webhooks.NewKey(text)
	if err != nil {
		return nil, usage.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// openWebhooks opens the deliveries to webhooks.
func (p *Server) openWebhooks(s Settings) error {
	key, err := webhooksKey(&s)
	if err != nil {
		return err
	}
	p.webhooks = webhooks.New(webhooks.Config{Desk: p.Desk, Store: p.Log, Views: p.Views, Key: key,
		AllowPrivate: s.Webhooks.AllowPrivate, Node: p.nodeName(s), Alone: !p.shared, Logger: s.Logger,
		Faster: s.Webhooks.Faster})
	return nil
}

// deliver delivers to webhooks until the server stops, and then records its progress.
func (p *Server) deliver() {
	ctx, stop := context.WithCancel(context.Background())
	stopWork := p.stopWork
	p.stopWork = func() { stopWork(); stop() }
	p.delivering.Go(func() {
		if err := p.webhooks.Run(ctx); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the webhooks: %w", err)
		}
	})
}
