package xray

//lint:file-ignore SA1019 drivers still have these interfaces

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

type tracedConn struct {
	driver.Conn
	db *database
}

func (c *tracedConn) Ping(ctx context.Context) error {
	return c.db.capture(ctx, "PING", "", func(ctx context.Context) error {
		if p, ok := c.Conn.(driver.Pinger); ok {
			return p.Ping(ctx)
		}
		return nil
	})
}

func (c *tracedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// IsValid lets database/sql throw away connections that the driver knows to be
// broken.
func (c *tracedConn) IsValid() bool {
	if v, ok := c.Conn.(driver.Validator); ok {
		return v.IsValid()
	}
	return true
}

// Unwrap returns the driver's own connection.
func (c *tracedConn) Unwrap() driver.Conn { return c.Conn }

func (c *tracedConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *tracedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := prepare(ctx, c.Conn, query)
	if err != nil {
		return nil, err
	}
	return &tracedStmt{Stmt: stmt, conn: c, query: query}, nil
}

func prepare(ctx context.Context, conn driver.Conn, query string) (driver.Stmt, error) {
	if p, ok := conn.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, query)
	}
	stmt, err := conn.Prepare(query)
	if err == nil && ctx.Err() != nil {
		stmt.Close()
		return nil, ctx.Err()
	}
	return stmt, err
}

func (c *tracedConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *tracedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if b, ok := c.Conn.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, opts)
	}
	if opts.Isolation != driver.IsolationLevel(sql.LevelDefault) {
		return nil, errors.New("xray: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return nil, errors.New("xray: driver does not support read-only transactions")
	}
	tx, err := c.Conn.Begin()
	if err == nil && ctx.Err() != nil {
		_ = tx.Rollback()
		return nil, ctx.Err()
	}
	return tx, err
}

func (c *tracedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	exec := func(ctx context.Context) (driver.Result, error) { return nil, driver.ErrSkip }
	if e, ok := c.Conn.(driver.ExecerContext); ok {
		exec = func(ctx context.Context) (driver.Result, error) { return e.ExecContext(ctx, query, args) }
	} else if e, ok := c.Conn.(driver.Execer); ok {
		plain, err := positional(ctx, args)
		if err != nil {
			return nil, err
		}
		exec = func(context.Context) (driver.Result, error) { return e.Exec(query, plain) }
	} else {
		return nil, driver.ErrSkip
	}
	err = c.db.capture(ctx, query, "", func(ctx context.Context) error {
		var err error
		result, err = exec(ctx)
		return err
	})
	return result, err
}

func (c *tracedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	var run func(ctx context.Context) (driver.Rows, error)
	if q, ok := c.Conn.(driver.QueryerContext); ok {
		run = func(ctx context.Context) (driver.Rows, error) { return q.QueryContext(ctx, query, args) }
	} else if q, ok := c.Conn.(driver.Queryer); ok {
		plain, err := positional(ctx, args)
		if err != nil {
			return nil, err
		}
		run = func(context.Context) (driver.Rows, error) { return q.Query(query, plain) }
	} else {
		return nil, driver.ErrSkip
	}
	err = c.db.capture(ctx, query, "", func(ctx context.Context) error {
		var err error
		rows, err = run(ctx)
		return err
	})
	return rows, err
}

func (c *tracedConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return checkValue(v)
}

func checkValue(v *driver.NamedValue) (err error) {
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

type tracedStmt struct {
	driver.Stmt
	conn  *tracedConn
	query string
}

func (s *tracedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	var plain []driver.Value
	own, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		if plain, err = positional(ctx, args); err != nil {
			return nil, err
		}
	}
	err = s.conn.db.capture(ctx, s.query, "statement", func(ctx context.Context) error {
		var err error
		if ok {
			result, err = own.ExecContext(ctx, args)
		} else {
			result, err = s.Stmt.Exec(plain)
		}
		return err
	})
	return result, err
}

func (s *tracedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	var plain []driver.Value
	own, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		if plain, err = positional(ctx, args); err != nil {
			return nil, err
		}
	}
	err = s.conn.db.capture(ctx, s.query, "statement", func(ctx context.Context) error {
		var err error
		if ok {
			rows, err = own.QueryContext(ctx, args)
		} else {
			rows, err = s.Stmt.Query(plain)
		}
		return err
	})
	return rows, err
}

func (s *tracedStmt) ColumnConverter(i int) driver.ValueConverter {
	if c, ok := s.Stmt.(driver.ColumnConverter); ok {
		return c.ColumnConverter(i)
	}
	return driver.DefaultParameterConverter
}

func (s *tracedStmt) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	if n, ok := s.conn.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	if _, ok := s.Stmt.(driver.ColumnConverter); ok {
		return driver.ErrSkip // it converts
	}
	return checkValue(v)
}

// positional are arguments without names, for drivers that know no others.
func positional(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	values := make([]driver.Value, len(args))
	for _, arg := range args {
		if arg.Name != "" {
			return nil, errors.New("xray: driver does not support the use of Named Parameters")
		}
		values[arg.Ordinal-1] = arg.Value
	}
	return values, nil
}
