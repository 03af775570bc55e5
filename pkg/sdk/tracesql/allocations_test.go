package tracesql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracesql"
)

func init() { sql.Register("instant", instant{}) }

// instant is a driver whose statements succeed at once.
type instant struct{}

func (instant) Open(string) (driver.Conn, error)    { return instant{}, nil }
func (instant) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (instant) Close() error                        { return nil }
func (instant) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (instant) ResetSession(context.Context) error  { return nil }
func (instant) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

// TestAllocations: what a statement costs that was read before, beside otelsql
// alone, has a budget.
func TestAllocations(t *testing.T) {
	rec := telemetrytest.New(t)
	plain, err := otelsql.Open("instant", "", otelsql.WithTracerProvider(rec.TracerProvider()), otelsql.WithMeterProvider(rec.MeterProvider()),
		otelsql.WithAttributes(attribute.String("db.system.name", "postgresql")),
		otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true, OmitConnectorConnect: true}))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	ours, err := tracesql.Open("instant", "postgres://app@db:5432/loans", tracesql.WithProviders(rec), tracesql.WithRootSpans())
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	exec := func(db *sql.DB) func() {
		return func() {
			rec.Reset()
			if _, err := db.ExecContext(context.Background(), "UPDATE loans SET state = 'approved' WHERE id = 4711"); err != nil {
				t.Fatal(err)
			}
		}
	}
	without, with := testing.AllocsPerRun(200, exec(plain)), testing.AllocsPerRun(200, exec(ours))
	t.Logf("%v allocations by otelsql, %v by tracesql", without, with)
	const budget = 4 // room for the connection's attributes and the statement's
	if with > without+budget {
		t.Errorf("%v allocations, otelsql has %v; the budget is %d more", with, without, budget)
	}
}
