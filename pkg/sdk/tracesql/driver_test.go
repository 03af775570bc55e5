package tracesql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracesql"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// oneRow is a driver whose tables all hold one row with one number, but for
// the table "gone", which does not exist.
type oneRow struct{}

func init() { sql.Register("postgres", oneRow{}) }

func (oneRow) Open(string) (driver.Conn, error)    { return oneRow{}, nil }
func (oneRow) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not needed") }
func (oneRow) Close() error                        { return nil }
func (oneRow) Begin() (driver.Tx, error)           { return oneRow{}, nil }
func (oneRow) Commit() error                       { return nil }
func (oneRow) Rollback() error                     { return nil }

type stateError struct{}

func (stateError) Error() string    { return `relation "gone" does not exist` }
func (stateError) SQLState() string { return "42P01" }

func (oneRow) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	if query == "SELECT 1 FROM gone" {
		return nil, fmt.Errorf("query: %w", stateError{})
	}
	return &rows{}, nil
}

type rows struct{ read bool }

func (*rows) Columns() []string { return []string{"n"} }
func (*rows) Close() error      { return nil }
func (r *rows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, dest[0] = true, int64(700)
	return nil
}

func open(t *testing.T, opts ...tracesql.Option) (*sql.DB, *telemetrytest.Recorder, context.Context, func()) {
	t.Helper()
	rec := telemetrytest.New(t)
	db, err := tracesql.Open("postgres", "postgres://app:secret@db.example.com:5433/loans", append(opts, tracesql.WithProviders(rec))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ctx, span := rec.TracerProvider().Tracer("test").Start(t.Context(), "request")
	return db, rec, ctx, func() { span.End() }
}

func query(ctx context.Context, db *sql.DB, text string) error {
	var n int
	return db.QueryRowContext(ctx, text).Scan(&n)
}

func TestQueryHasBothNames(t *testing.T) {
	db, rec, ctx, end := open(t)
	if err := query(ctx, db, "SELECT rating FROM clients WHERE name = 'Enova'"); err != nil {
		t.Fatal(err)
	}
	end()
	const text = "SELECT rating FROM clients WHERE name = ?"
	rec.Span("SELECT clients").Kind(trace.SpanKindClient).ChildOf(rec.Span("request")).Succeeded().Has(
		attribute.String("db.system.name", "postgresql"), attribute.String("db.system", "postgresql"),
		attribute.String("db.namespace", "loans"), attribute.String("db.name", "loans"),
		attribute.String("db.query.text", text), attribute.String("db.statement", text),
		attribute.String("db.operation.name", "SELECT"), attribute.String("db.collection.name", "clients"),
		attribute.String("server.address", "db.example.com"), attribute.Int("server.port", 5433),
		attribute.String("db.user", "app"), attribute.String("db.connection_string", "postgresql://db.example.com:5433"))
}

func TestErrorsHaveTheirState(t *testing.T) {
	db, rec, ctx, end := open(t, tracesql.WithStableNamesOnly())
	if err := query(ctx, db, "SELECT 1 FROM gone"); err == nil {
		t.Fatal("no error")
	}
	end()
	span := rec.Span("SELECT gone").Failed("").Lacks("db.statement", "db.user", "db.system").
		Has(attribute.String("error.type", "42P01"), attribute.String("db.response.status_code", "42P01"))
	span.Event("exception")
}

func TestTransactions(t *testing.T) {
	db, rec, ctx, end := open(t)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	end()
	for _, name := range []string{"BEGIN", "COMMIT"} {
		rec.Span(name).ChildOf(rec.Span("request")).Has(attribute.String("db.operation.name", name))
	}
}

func TestStatementsOutsideOfTraces(t *testing.T) {
	db, rec, _, end := open(t)
	if err := query(t.Context(), db, "SELECT 1 FROM a"); err != nil {
		t.Fatal(err)
	}
	end()
	if n := len(rec.Spans()); n != 1 {
		t.Errorf("%d spans, want the test's own", n)
	}
	db, rec, _, end = open(t, tracesql.WithRootSpans(), tracesql.WithRawStatements())
	if err := query(t.Context(), db, "SELECT 1 FROM a"); err != nil {
		t.Fatal(err)
	}
	end()
	rec.Span("SELECT a").Root().Has(attribute.String("db.query.text", "SELECT 1 FROM a"))
}

func TestMeasurementsTellDatabasesApart(t *testing.T) {
	db, rec, ctx, end := open(t)
	if err := query(ctx, db, "SELECT 1 FROM a"); err != nil {
		t.Fatal(err)
	}
	end()
	rec.Metric("db.client.operation.duration")
}

func ExampleOpen() {
	rec := telemetrytest.New(new(testing.T)) // a service: telemetry.Start, and no WithProviders
	db, err := tracesql.Open("postgres", "postgres://app:secret@db.example.com:5433/loans", tracesql.WithProviders(rec))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	ctx, span := rec.TracerProvider().Tracer("loans").Start(context.Background(), "request")
	defer span.End()

	var rating int
	err = db.QueryRowContext(ctx, "SELECT rating FROM clients WHERE name = 'Enova'").Scan(&rating)
	fmt.Println(rating, err)
	query := rec.Spans()[0]
	fmt.Println(query.Name(), "|", query.Value("db.query.text").String(), "|", query.Value("server.address").String())
	// Output:
	// 700 <nil>
	// SELECT clients | SELECT rating FROM clients WHERE name = ? | db.example.com
}
