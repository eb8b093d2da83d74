package esdbwire

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/metadata"
)

// version is the EventStoreDB version whose behaviour is served. Clients require integers separated
// by dots.
const version = "24.10.4"

// featuresWire implements the server features service. It needs no authentication, because clients send
// no credentials with these calls.
type featuresWire struct {
	features.UnimplementedServerFeaturesServer
	*Server
}

// GetSupportedMethods lists the supported calls.
func (featuresWire) GetSupportedMethods(context.Context, *shared.Empty) (*features.SupportedMethods, error) {
	const stream = "event_store.client.streams.streams"
	return &features.SupportedMethods{
		EventStoreServerVersion: version,
		Methods: []*features.SupportedMethod{
			{ServiceName: stream, MethodName: "read", Features: []string{"position", "events"}},
			{ServiceName: stream, MethodName: "append"},
			{ServiceName: stream, MethodName: "delete"},
			{ServiceName: stream, MethodName: "tombstone"},
			{ServiceName: stream, MethodName: "batchappend", Features: []string{"deadline_duration"}},
			{ServiceName: "event_store.client.gossip.gossip", MethodName: "read"},
			{ServiceName: "event_store.client.server_features.serverfeatures", MethodName: "getsupportedmethods"},
		},
	}, nil
}

// gossipWire implements the gossip service. This server is the only member, and the leader. The service
// needs no authentication, because clients send no credentials with these calls.
type gossipWire struct {
	gossip.UnimplementedGossipServer
	*Server
}

// Read returns this server as the only member.
func (g gossipWire) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   structuredID(g.id),
		TimeStamp:    clusterTicks(g.config.Now()),
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: g.endPoint(ctx),
	}}}, nil
}

// endPoint returns the address of the server for the client. By default, it is the address that the client
// has dialled, because that is reachable, and because the client compares the two literally.
func (g gossipWire) endPoint(ctx context.Context) *gossip.EndPoint {
	address := g.config.Address
	if header, ok := metadata.FromIncomingContext(ctx); ok && address == "" {
		if authority := header.Get(":authority"); len(authority) == 1 {
			address = authority[0]
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	number, _ := strconv.ParseUint(port, 10, 16)
	return &gossip.EndPoint{Address: host, Port: uint32(number)}
}

// clusterTicks returns the number of ticks of 100 ns since the year 1, as in gossip.
func clusterTicks(t time.Time) int64 {
	const untilUnix = 62_135_596_800 // seconds
	return untilUnix*int64(time.Second/tick) + ticksOf(t)
}
