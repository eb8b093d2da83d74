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
	f.StringVar(&c.Node, "node", "", "name of this node, the same after a restart (default: the host and the port of "+
		"--cluster)")
	f.StringSliceVar(&c.Join, "join", nil, "address of another node, or dns://NAME:PORT for all addresses of a name "+
		"(default: those stored with the log)")
	f.StringVar(&c.Advertise, "cluster-advertise", "", "host or address at which others reach this node (default: that of "+
		"--cluster)")
	f.StringVar(&c.HTTP, "http-advertise", "", "address at which other nodes reach --listen (default: the host of "+
		"--cluster and the port of --listen)")
	f.StringVar(&c.SecretFile, "cluster-secret-file", "", "file with the secret for messages between nodes (default: "+
		"derived from the secret of tokens)")
	f.StringVar(&s.Secrets, "secrets", "", "directory of the secrets that all nodes share: jwt.key, passes.key, "+
		"webhooks.key; missing ones are created (default: the directory of the views)")
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
