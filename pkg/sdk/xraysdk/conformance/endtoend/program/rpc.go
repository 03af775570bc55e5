package main

import (
	"context"
	"net"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A failing service answers with the code that is named by the service asked
// for.
type failing struct {
	healthpb.UnimplementedHealthServer
	codes map[string]codes.Code
}

func (f *failing) Check(_ context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return nil, status.Error(f.codes[r.Service], "as asked for")
}

var failures = map[string]codes.Code{
	"NotFound": codes.NotFound, "ResourceExhausted": codes.ResourceExhausted, "Unavailable": codes.Unavailable, "Unknown": codes.Unknown,
}

// connect serves a service and returns a client of it.
func connect(h healthpb.HealthServer, server []grpc.ServerOption, client ...grpc.DialOption) (healthpb.HealthClient, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := grpc.NewServer(server...)
	healthpb.RegisterHealthServer(s, h)
	go func() { _ = s.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, nil, err
	}
	return healthpb.NewHealthClient(conn), func() { conn.Close(); s.Stop() }, nil
}

var rpc = []scenario{
	{"gRPC server", func(ctx context.Context) (string, error) {
		client, stop, err := connect(health.NewServer(), []grpc.ServerOption{grpc.UnaryInterceptor(xray.UnaryServerInterceptor())},
			grpc.WithUserAgent("ua/1"))
		if err != nil {
			return "", err
		}
		defer stop()
		traceID := xray.NewTraceID()
		ctx = metadata.AppendToOutgoingContext(ctx, "x-amzn-trace-id", "Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1", "x-forwarded-for", "203.0.113.9")
		_, err = client.Check(ctx, &healthpb.HealthCheckRequest{})
		return traceID, err
	}},
	{"gRPC server that fails", func(ctx context.Context) (string, error) {
		client, stop, err := connect(&failing{codes: failures}, []grpc.ServerOption{grpc.UnaryInterceptor(xray.UnaryServerInterceptor())})
		if err != nil {
			return "", err
		}
		defer stop()
		traceID := xray.NewTraceID()
		for _, service := range []string{"NotFound", "ResourceExhausted", "Unavailable", "Unknown"} {
			ctx := metadata.AppendToOutgoingContext(ctx, "x-amzn-trace-id", "Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1")
			_, _ = client.Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		}
		return traceID, nil
	}},
	{"gRPC client", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			client, stop, err := connect(health.NewServer(), nil, grpc.WithUnaryInterceptor(xray.UnaryClientInterceptor()))
			if err != nil {
				return err
			}
			defer stop()
			_, err = client.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		})
	}},
	{"gRPC client of a service that fails", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			client, stop, err := connect(&failing{codes: failures}, nil, grpc.WithUnaryInterceptor(xray.UnaryClientInterceptor()))
			if err != nil {
				return err
			}
			defer stop()
			for _, service := range []string{"NotFound", "ResourceExhausted", "Unavailable", "Unknown"} {
				_, _ = client.Check(ctx, &healthpb.HealthCheckRequest{Service: service})
			}
			return nil
		})
	}},
}
