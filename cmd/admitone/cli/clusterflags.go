package cli

import (
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/server"
)

// clusterFlags defines the flags of a server that is one of several nodes.
func clusterFlags(f *pflag.FlagSet, s *server.Settings) {
	c := &s.Cluster
	f.StringVar(&c.Listen, "cluster", "", "address at which this node listens for the others on the same EventStoreDB "+
		"(TCP and UDP): together they form one system")
	f.StringVar(&c.Node, "node", "", "name of this node, different from those of all other nodes and the same after a "+
		"restart (default: the name of this machine and the port of --cluster)")
	f.StringSliceVar(&c.Join, "join", nil, "address and port of another node, or dns://NAME:PORT for all addresses of a name, in "+
		"addition to those stored with the log")
	f.StringVar(&c.Advertise, "cluster-advertise", "", "host at which others reach --cluster (default: its own, or one of "+
		"this machine if it listens on all addresses)")
	f.StringVar(&c.HTTP, "http-advertise", "", "address at which other nodes reach --listen (default: its own, or, if it "+
		"listens on all addresses, its port at the host of --cluster-advertise or --cluster, or at this machine's name)")
	f.StringVar(&c.SecretFile, "cluster-secret-file", "", "file with the secret for messages between nodes, at least 32 "+
		"bytes (default: derived from the secret of tokens)")
	f.StringVar(&s.Secrets, "secrets", "", "directory of the secrets that all servers on a log share: jwt.key, passes.key, "+
		"webhooks.key, head.key; missing ones are created (default: the store, or --data if the log is in an EventStoreDB)")
	c.Version = readBuild().Version
}

// checkCluster refuses a node without a log that others can share.
func checkCluster(s *server.Settings) error {
	c := &s.Cluster
	if c.Listen == "" {
		if c.Node != "" || len(c.Join) > 0 || c.Advertise != "" || c.HTTP != "" || c.SecretFile != "" {
			return usagef("--node, --join, --cluster-advertise, --http-advertise and --cluster-secret-file need " +
				"--cluster")
		}
		return nil
	}
	switch {
	case !server.IsRemote(s.Store):
		return usagef("one process writes the log in a directory, so it has no other nodes: leave --cluster out, or share an " +
			"EventStoreDB with --store esdb://…")
	case s.At != "":
		return usagef("--at shows the past, which belongs to no node; leave --cluster out")
	}
	for _, seed := range c.Join {
		if err := server.CheckJoin(seed); err != nil {
			return err
		}
	}
	if c.HTTP != "" {
		if err := server.CheckAddress("http-advertise", c.HTTP); err != nil {
			return err
		}
	}
	return server.CheckAddress("cluster", c.Listen)
}
