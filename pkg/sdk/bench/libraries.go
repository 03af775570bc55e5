package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/XSAM/otelsql"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	//lint:ignore SA1019 the peer, which has lost its owner
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"

	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracesql"
)

// answered is a transport that answers at once.
type answered struct{ body string }

func (a answered) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(a.body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"4711"}}, Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// inRequest makes a service whose requests are server spans around call.
func inRequest(s setup, call func(ctx context.Context)) *service {
	tracer := s.provider.Tracer("bench")
	return &service{flush: s.flush, close: s.close, request: func() {
		ctx, span := tracer.Start(context.Background(), "request", trace.WithSpanKind(trace.SpanKindServer))
		call(ctx)
		span.End()
	}}
}

// httpClient is a request that calls another service.
func httpClient(id, name string) benchCase {
	with := func(s setup, c *http.Client) *service {
		return inRequest(s, func(ctx context.Context) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://loans.example.com/loans/7", nil)
			if err != nil {
				log.Fatal(err)
			}
			response, err := c.Do(r)
			if err != nil {
				log.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		})
	}
	base := answered{"{}"}
	hand := func(s setup) *service {
		named := func(_ string, r *http.Request) string { return r.Method + " " + r.URL.Hostname() }
		return with(s, &http.Client{Transport: otelhttp.NewTransport(base, otelhttp.WithTracerProvider(s.provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
			otelhttp.WithPropagators(s.propagator), otelhttp.WithSpanNameFormatter(named))})
	}
	own := func(s setup) *service {
		return with(s, tracehttp.Client(&http.Client{Transport: base}, tracehttp.WithProviders(s)))
	}
	return sides(id, name, hand, own)
}

// dynamoDB is a request that reads an item: by hand with contrib's otelaws and
// its attributes of DynamoDB.
func dynamoDB(id, name string) benchCase {
	with := func(s setup, instrument func(*aws.Config)) *service {
		cfg := aws.Config{
			Region: "us-east-1", HTTPClient: &http.Client{Transport: answered{`{"Item":{"id":{"S":"7"}}}`}},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "not-a-secret"}, nil
			}),
		}
		instrument(&cfg)
		client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true })
		return inRequest(s, func(ctx context.Context) {
			_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("clients"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "7"}}})
			if err != nil {
				log.Fatal(err)
			}
		})
	}
	hand := func(s setup) *service {
		return with(s, func(cfg *aws.Config) {
			otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(s.provider), otelaws.WithTextMapPropagator(s.propagator),
				otelaws.WithAttributeBuilder(otelaws.DynamoDBAttributeBuilder))
		})
	}
	own := func(s setup) *service {
		return with(s, func(cfg *aws.Config) { traceaws.Instrument(cfg, traceaws.WithProviders(s)) })
	}
	return sides(id, name, hand, own)
}

// unary is a call from a client to a server, both traced.
func unary(id, name string) benchCase {
	with := func(s setup, server []grpc.ServerOption, client []grpc.DialOption) *service {
		listener := bufconn.Listen(1 << 16)
		g := grpc.NewServer(server...)
		testpb.RegisterTestServiceServer(g, answering{})
		go func() { _ = g.Serve(listener) }()
		conn, err := grpc.NewClient("passthrough:///bench", append(client, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
		if err != nil {
			log.Fatal(err)
		}
		c := testpb.NewTestServiceClient(conn)
		svc := inRequest(s, func(ctx context.Context) {
			if _, err := c.EmptyCall(ctx, &testpb.Empty{}); err != nil {
				log.Fatal(err)
			}
		})
		end := svc.close
		svc.close = func() { _ = conn.Close(); g.Stop(); end() }
		svc.requests, svc.goroutines = requests/3, true // three spans each
		return svc
	}
	hand := func(s setup) *service {
		opts := []otelgrpc.Option{otelgrpc.WithTracerProvider(s.provider), otelgrpc.WithMeterProvider(noop.NewMeterProvider()), otelgrpc.WithPropagators(s.propagator)}
		return with(s, []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(opts...))}, []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(opts...))})
	}
	own := func(s setup) *service {
		return with(s, tracegrpc.ServerOptions(tracegrpc.WithProviders(s)), tracegrpc.DialOptions(tracegrpc.WithProviders(s)))
	}
	return sides(id, name, hand, own)
}

type answering struct {
	testpb.UnimplementedTestServiceServer
}

func (answering) EmptyCall(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	return &testpb.Empty{}, nil
}

// query is a request that asks a database: by hand with otelsql and the
// attributes that X-Ray's sql block and New Relic need.
func query(id, name string) benchCase {
	with := func(s setup, open func() (*sql.DB, error)) *service {
		db, err := open()
		if err != nil {
			log.Fatal(err)
		}
		svc := inRequest(s, func(ctx context.Context) {
			if _, err := db.ExecContext(ctx, "UPDATE loans SET state = 'approved' WHERE id = 4711"); err != nil {
				log.Fatal(err)
			}
		})
		end := svc.close
		svc.close = func() { db.Close(); end() }
		return svc
	}
	const dsn = "postgres://app@db.example.com:5432/loans"
	hand := func(s setup) *service {
		return with(s, func() (*sql.DB, error) {
			return otelsql.Open("bench", dsn, otelsql.WithTracerProvider(s.provider), otelsql.WithMeterProvider(noop.NewMeterProvider()),
				otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true, OmitConnectorConnect: true, OmitConnPrepare: true, OmitRows: true}),
				otelsql.WithAttributes(attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", "loans"),
					attribute.String("server.address", "db.example.com"), attribute.Int("server.port", 5432)),
				otelsql.WithAttributesGetter(func(_ context.Context, _ otelsql.Method, query string, _ []driver.NamedValue) []attribute.KeyValue {
					return []attribute.KeyValue{
						attribute.String("db.system", "postgresql"), attribute.String("db.name", "loans"), attribute.String("db.user", "app"),
						attribute.String("db.connection_string", "postgresql://db.example.com:5432"), attribute.String("db.statement", query),
						attribute.String("db.operation.name", operationOf(query)),
					}
				}),
				otelsql.WithSpanNameFormatter(func(_ context.Context, _ otelsql.Method, query string) string { return operationOf(query) }))
		})
	}
	own := func(s setup) *service {
		return with(s, func() (*sql.DB, error) {
			return tracesql.Open("bench", dsn, tracesql.WithProviders(s))
		})
	}
	return sides(id, name, hand, own)
}

func operationOf(query string) string {
	operation, _, _ := strings.Cut(query, " ")
	return operation
}

func init() { sql.Register("bench", database{}) }

// database is a driver whose statements succeed at once.
type database struct{}

func (database) Open(string) (driver.Conn, error)         { return database{}, nil }
func (database) Prepare(string) (driver.Stmt, error)      { return nil, driver.ErrSkip }
func (database) Close() error                             { return nil }
func (database) Begin() (driver.Tx, error)                { return nil, driver.ErrSkip }
func (database) ResetSession(context.Context) error       { return nil }
func (database) CheckNamedValue(*driver.NamedValue) error { return nil }
func (database) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}
