// Package tracesql traces database/sql so that AWS X-Ray shows an sql block and
// a node for each database, and New Relic a database for each service:
//
//	db, err := tracesql.Open("pgx", "postgres://app:secret@db:5432/loans")
//
// It is otelsql, set up for that: the data source name gives the connection's
// attributes, never the password; statements are sanitised; spans are named
// after what a statement does.
package tracesql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// Option changes how a database is traced.
type Option func(*config)

type config struct {
	providers  instrument.Providers
	connection *Connection
	roots      bool
	raw        bool
	stableOnly bool
	connects   bool
}

// WithProviders says where spans and metrics go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// WithConnection says what the database is, where the driver's name and the data
// source name do not: for OpenDB, and for drivers that Open does not know.
func WithConnection(conn Connection) Option {
	return func(c *config) { c.connection = &conn }
}

// WithRootSpans makes spans for statements outside of any trace, too. Each is
// then a trace of its own.
func WithRootSpans() Option { return func(c *config) { c.roots = true } }

// WithRawStatements records statements as they are, with the literals in them,
// which may be somebody's data. telemetry.Start takes literals out of all that it
// exports, so that they stay only with BRAGG_REDACT=headers,urls,texts or
// telemetry.WithRedaction.
func WithRawStatements() Option { return func(c *config) { c.raw = true } }

// WithStableNamesOnly leaves out the attributes of the older semantic
// conventions (db.system, db.name, db.statement, db.user,
// db.connection_string). The awsxray exporter of the OpenTelemetry Collector's
// contrib, which ADOT has, makes no sql block without them; the one of this
// project does, but for its user.
func WithStableNamesOnly() Option { return func(c *config) { c.stableOnly = true } }

// WithConnects makes spans for new connections and pings, too.
func WithConnects() Option { return func(c *config) { c.connects = true } }

// Open is sql.Open with every statement traced. It knows the data source names
// of the drivers pgx, postgres (lib/pq), mysql, sqlite, sqlite3, sqlserver and
// of those that use URLs.
func Open(driverName, dataSourceName string, opts ...Option) (*sql.DB, error) {
	c := newConfig(opts)
	if c.connection == nil {
		conn := ParseDataSourceName(driverName, dataSourceName)
		c.connection = &conn
	}
	db, err := otelsql.Open(driverName, dataSourceName, c.options()...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", driverName, err)
	}
	return db, nil
}

// OpenDB is sql.OpenDB with every statement traced. Use WithConnection: a
// connector does not say what it connects to.
func OpenDB(connector driver.Connector, opts ...Option) *sql.DB {
	c := newConfig(opts)
	if c.connection == nil {
		c.connection = &Connection{}
	}
	return otelsql.OpenDB(connector, c.options()...)
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.providers = instrument.OrGlobal(c.providers)
	return c
}

func (c *config) options() []otelsql.Option {
	// What measurements have, otelsql gives to spans, too.
	shared := c.connection.metricAttributes()
	rest := slices.DeleteFunc(c.connection.attributes(!c.stableOnly), func(kv attribute.KeyValue) bool { return slices.Contains(shared, kv) })
	statements := newStatements(c.connection.System, c.raw, rest, !c.stableOnly)
	return []otelsql.Option{
		otelsql.WithTracerProvider(c.providers.TracerProvider()),
		otelsql.WithMeterProvider(c.providers.MeterProvider()),
		otelsql.WithAttributes(shared...),
		otelsql.WithSpanNameFormatter(func(_ context.Context, m otelsql.Method, query string) string {
			if query != "" {
				if summary := statements.get(query).summary; summary != "" {
					return summary
				}
			}
			return methodName(m)
		}),
		otelsql.WithAttributesGetter(func(_ context.Context, m otelsql.Method, query string, _ []driver.NamedValue) []attribute.KeyValue {
			if query != "" {
				return statements.get(query).attributes
			}
			return append(rest[:len(rest):len(rest)], attribute.String("db.operation.name", methodName(m)))
		}),
		otelsql.WithSpanErrorAttributesGetter(errorAttributes),
		otelsql.WithDisableSkipErrMeasurement(true),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			DisableQuery: true, DisableErrSkip: true, // the attributes above have it, sanitised
			Ping: c.connects, OmitConnectorConnect: !c.connects,
			OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true,
			SpanFilter: c.filter,
		}),
	}
}

func (c *config) filter(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
	return c.roots || trace.SpanContextFromContext(ctx).IsValid()
}

// methodName is what is done without a statement.
func methodName(m otelsql.Method) string {
	switch m {
	case otelsql.MethodConnBeginTx:
		return "BEGIN"
	case otelsql.MethodTxCommit:
		return "COMMIT"
	case otelsql.MethodTxRollback:
		return "ROLLBACK"
	case otelsql.MethodConnPing:
		return "PING"
	case otelsql.MethodConnectorConnect:
		return "CONNECT"
	}
	return string(m)
}

// errorAttributes are those of a database's own error codes: SQLSTATE, where
// the driver has it.
func errorAttributes(err error) []attribute.KeyValue {
	var state interface{ SQLState() string }
	if errors.Is(err, driver.ErrSkip) || !errors.As(err, &state) {
		return nil
	}
	return []attribute.KeyValue{
		attribute.String("db.response.status_code", state.SQLState()),
		attribute.String("error.type", state.SQLState()),
	}
}
