package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracesql"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

const (
	databaseName = "lending"
	databaseUser = "scoring"
)

//go:embed scoring.sql
var schema string

// A scorer decides about applications.
type scorer struct {
	service   *service
	db        *sql.DB
	documents *peer
	bureau    *peer
}

// newScoring decides about applications, by what its database has on file of a
// client and, in the legacy scenario, by a report of the credit bureau.
func newScoring(ctx context.Context, s *service) (http.Handler, error) {
	if err := s.startTelemetry(ctx); err != nil {
		return nil, err
	}
	db, err := s.openDatabase(ctx)
	if err != nil {
		return nil, err
	}
	sc := &scorer{s, db, s.peer(Documents, s.cfg.DocumentsURL), s.peer(Legacy, s.cfg.LegacyURL)}
	return s.routes(route{"POST /scores", sc.score}), nil
}

// openDatabase returns the traced database, in memory and filled.
func (s *service) openDatabase(ctx context.Context) (*sql.DB, error) {
	// The name is an absolute path so that connections of one process share it.
	dsn := "file:/" + rand.Text() + "?" + url.Values{
		"vfs": {"memdb"}, "_pragma": {"busy_timeout(5000)"},
	}.Encode()
	untraced, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s.onStop(untraced.Close)
	// The database lives as long as a connection to it.
	untraced.SetMaxOpenConns(1)
	untraced.SetConnMaxLifetime(0)
	if err := fill(ctx, untraced); err != nil {
		return nil, err
	}
	db, err := tracesql.Open("sqlite", dsn, tracesql.WithProviders(s.sdk), tracesql.WithConnection(tracesql.Connection{
		System: "sqlite", Host: "localhost", Database: databaseName, User: databaseUser,
	}))
	if err != nil {
		return nil, err
	}
	s.onStop(db.Close)
	db.SetMaxOpenConns(4)
	return db, nil
}

func fill(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	for _, c := range clients {
		if _, err := db.ExecContext(ctx,
			"INSERT INTO clients (id, name, rating, credit_limit) VALUES (?, ?, ?, ?)",
			c.id, c.name, c.rating, c.limit); err != nil {
			return fmt.Errorf("fill database: %w", err)
		}
	}
	return nil
}

const (
	selectClient = "SELECT rating, credit_limit FROM clients WHERE id = ?"
	insertScore  = "INSERT INTO scores (application_id, client_id, amount, score, decision) VALUES (?, ?, ?, ?, ?)"
)

// score decides about one application and has the letter written.
func (s *scorer) score(r *http.Request) (int, any, error) {
	var app application
	if err := decode(r, &app); err != nil {
		return 0, nil, err
	}
	ctx := r.Context()
	annotate(ctx, xrayattr.Annotation("client_id", app.ClientID), xrayattr.Annotation("amount", app.Amount))
	file, err := s.client(ctx, app)
	if err != nil {
		return 0, nil, err
	}
	d := decision{ID: app.ID, ClientID: app.ClientID, Amount: app.Amount}
	if err := s.service.step(ctx, "evaluate credit model", func(ctx context.Context) error {
		return evaluate(ctx, app, file, &d)
	}); err != nil {
		return 0, nil, err
	}
	annotate(ctx, xrayattr.Annotation("decision", d.Decision), xrayattr.Annotation("score", d.Score))
	if _, err := s.db.ExecContext(ctx, insertScore, d.ID, d.ClientID, d.Amount, d.Score, d.Decision); err != nil {
		return 0, nil, fmt.Errorf("store score: %w", err)
	}
	var filed document
	if err := s.documents.call(ctx, http.MethodPost, "/documents", letter(d), &filed); err != nil {
		return 0, nil, err
	}
	d.Document = filed.Key
	return http.StatusCreated, d, nil
}

// clientFile is what is known of a client.
type clientFile struct {
	rating int
	limit  int64
}

func (s *scorer) client(ctx context.Context, app application) (clientFile, error) {
	var file clientFile
	err := s.db.QueryRowContext(ctx, selectClient, app.ClientID).Scan(&file.rating, &file.limit)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return file, failed(http.StatusNotFound, "client %s is not on file", app.ClientID)
	case err != nil:
		return file, fmt.Errorf("find client %s: %w", app.ClientID, err)
	case app.Scenario != ViaLegacy:
		return file, nil
	}
	var report bureauReport
	if err := s.bureau.call(ctx, http.MethodPost, "/reports", app, &report); err != nil {
		return file, err
	}
	file.rating = (file.rating + report.Score) / 2
	return file, nil
}

// Scores from which the company lends, or has a person look at it.
const (
	approveFrom = 640
	referFrom   = 590
)

// errModel is what the credit model breaks with.
var errModel = errors.New("credit model v7: weights of feature debt_to_income are missing")

// evaluate is the credit model: a rating, less up to 150 points for a loan that
// is large for the client.
func evaluate(ctx context.Context, app application, file clientFile, d *decision) error {
	describe(ctx, "credit_model", map[string]any{
		"version": 7, "rating": file.rating, "credit_limit": file.limit,
		"thresholds": map[string]int{"approve": approveFrom, "refer": referFrom},
	})
	switch app.Scenario {
	case Slow:
		if err := wait(ctx, slowness(app.ID)); err != nil {
			return fmt.Errorf("evaluate credit model: %w", err)
		}
	case Fault:
		return errModel
	}
	d.Score = file.rating - int(150*app.Amount/file.limit)
	switch {
	case d.Score >= approveFrom:
		d.Decision = "approved"
	case d.Score >= referFrom:
		d.Decision = "referred"
	default:
		d.Decision = "declined"
	}
	annotate(ctx, xrayattr.Annotation("score", d.Score))
	return nil
}

// slowness returns 300 to 1,200 ms, always the same for an application.
func slowness(id string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(id))
	return time.Duration(300+h.Sum32()%901) * time.Millisecond
}
