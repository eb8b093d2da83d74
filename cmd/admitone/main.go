package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"admitone/cmd/admitone/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}
