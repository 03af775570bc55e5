package xray

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"

	"go.opentelemetry.io/otel/trace"
)

// errSkipNote marks queries that the driver will not run in one step, which
// nobody knows before.
const errSkipNote = " -- skip fast-path; continue as if unimplemented"

var registered = struct {
	sync.Mutex
	drivers map[string]bool
}{drivers: map[string]bool{}}

// SQLContext opens a database as sql.Open does, and makes subsegments of its
// calls. The data source is shown without its password if it has the form
// scheme://user:password@host:port/database, and as far as it can be found if
// not.
func SQLContext(driver, dsn string) (*sql.DB, error) {
	if err := register(driver, dsn); err != nil {
		return nil, err
	}
	return sql.Open(driver+":xray", dsn)
}

// register registers, once, a driver that traces another.
func register(name, dsn string) error {
	registered.Lock()
	defer registered.Unlock()
	if registered.drivers[name] {
		return nil
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		return err
	}
	sql.Register(name+":xray", &tracedDriver{Driver: db.Driver(), name: name})
	registered.drivers[name] = true
	return db.Close()
}

// SQLConnector returns a connector that makes subsegments of the calls of
// another's databases. dsn is shown as it is: it must not hold a password.
func SQLConnector(dsn string, connector driver.Connector) driver.Connector {
	return &tracedConnector{
		Connector: connector,
		driver:    &tracedDriver{Driver: connector.Driver(), name: "unknown"},
		dsn:       dsn,
		clean:     true,
	}
}

type tracedDriver struct {
	driver.Driver
	name string
}

func (d *tracedDriver) Open(dsn string) (driver.Conn, error) {
	conn, err := d.Driver.Open(dsn)
	if err != nil {
		return nil, err
	}
	return &tracedConn{Conn: conn, db: describeDatabase(context.Background(), d, conn, dsn, false)}, nil
}

func (d *tracedDriver) OpenConnector(dsn string) (driver.Connector, error) {
	if own, ok := d.Driver.(driver.DriverContext); ok {
		connector, err := own.OpenConnector(dsn)
		if err != nil {
			return nil, err
		}
		return &tracedConnector{Connector: connector, driver: d, dsn: dsn}, nil
	}
	return &tracedConnector{Connector: &plainConnector{d.Driver, dsn}, driver: d, dsn: dsn}, nil
}

// A plainConnector is the connector of a driver that has none.
type plainConnector struct {
	driver driver.Driver
	dsn    string
}

func (c *plainConnector) Driver() driver.Driver { return c.driver }

func (c *plainConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err == nil && ctx.Err() != nil {
		conn.Close()
		return nil, ctx.Err()
	}
	return conn, err
}

type tracedConnector struct {
	driver.Connector
	driver *tracedDriver
	dsn    string
	clean  bool // dsn has no password

	mu sync.Mutex
	db *database // nil before the first connection
}

func (c *tracedConnector) Driver() driver.Driver { return c.driver }

// Connect makes a subsegment whose query is CONNECT. The first connection is
// for asking the database who it is.
func (c *tracedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	db, err := c.database(ctx)
	if err != nil {
		return nil, err
	}
	var conn driver.Conn
	err = db.capture(ctx, "CONNECT", "", func(ctx context.Context) error {
		var err error
		conn, err = c.Connector.Connect(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &tracedConn{Conn: conn, db: db}, nil
}

func (c *tracedConnector) database(ctx context.Context) (*database, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.db != nil {
		return c.db, nil
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c.db = describeDatabase(ctx, c.driver, conn, c.dsn, c.clean)
	return c.db, nil
}

// capture calls fn in a subsegment that says which query it is. The query of an
// fn that returns driver.ErrSkip is marked so, and the subsegment is no fault.
// Without a segment fn is called nevertheless.
func (db *database) capture(ctx context.Context, query, preparation string, fn func(context.Context) error) (err error) {
	ctx, seg := beginSubsegment(ctx, db.name, trace.SpanKindClient)
	if seg == nil {
		return fn(ctx)
	}
	seg.Lock()
	if !seg.Dummy {
		seg.Namespace = "remote"
		q := db.data
		q.SanitizedQuery, q.Preparation = query, preparation
		seg.SQL = &q
	}
	seg.Unlock()
	returned := false
	defer func() {
		if !returned {
			seg.Close(nil)
		}
	}()
	err = fn(ctx)
	returned = true
	if err != driver.ErrSkip {
		seg.Close(err)
		return err
	}
	seg.Lock()
	if seg.SQL != nil {
		seg.SQL.SanitizedQuery += errSkipNote
	}
	seg.Unlock()
	seg.Close(nil)
	return err
}
