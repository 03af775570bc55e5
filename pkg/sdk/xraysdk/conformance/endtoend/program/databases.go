package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	_ "modernc.org/sqlite"
)

var databases = []scenario{
	{"SQLite", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			db, err := xray.SQLContext("sqlite", "file:orders?mode=memory&cache=shared")
			if err != nil {
				return err
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			if err := db.PingContext(ctx); err != nil {
				return err
			}
			if _, err := db.ExecContext(ctx, "CREATE TABLE orders (id INTEGER, client TEXT)"); err != nil {
				return err
			}
			_, err = db.ExecContext(ctx, "INSERT INTO orders VALUES (?, ?)", 7, "Enova")
			_, failed := db.ExecContext(ctx, "INSERT INTO nothing VALUES (1)")
			if failed == nil {
				return errors.New("there is a table that nobody made")
			}
			return errors.Join(err, prepared(ctx, db), transaction(ctx, db))
		})
	}},
	{"PostgreSQL", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			const dsn = "postgres://alice:secret@db.example.com:5432/orders?sslmode=disable"
			other, mock, err := sqlmock.NewWithDSN(dsn)
			if err != nil {
				return err
			}
			defer other.Close()
			mock.MatchExpectationsInOrder(false)
			// What the X-Ray SDK asks a database to find out which it is.
			mock.ExpectPrepare(`SELECT version\(\), current_user, current_database\(\)`).ExpectQuery().
				WillReturnRows(sqlmock.NewRows([]string{"version()", "current_user", "current_database()"}).AddRow("16.1", "alice", "orders"))
			mock.ExpectExec("DELETE FROM orders").WillReturnResult(sqlmock.NewResult(0, 1))
			db, err := xray.SQLContext("sqlmock", dsn)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(ctx, "DELETE FROM orders")
			return err
		})
	}},
}

func prepared(ctx context.Context, db *sql.DB) error {
	statement, err := db.PrepareContext(ctx, "SELECT client FROM orders WHERE id = ?")
	if err != nil {
		return err
	}
	defer statement.Close()
	var client string
	return statement.QueryRowContext(ctx, 7).Scan(&client)
}

func transaction(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM orders"); err != nil {
		return err
	}
	return tx.Commit()
}
