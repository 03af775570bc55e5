package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	fakedynamodb "github.com/bragg-tracing/bragg/pkg/demo/dynamodb"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

const (
	clientTable      = "lending-clients"
	applicationTable = "loan-applications"
)

// storedItems is how many applications and documents the local endpoints keep.
const storedItems = 5000

// newDynamoDB is the endpoint in place of Amazon's.
func newDynamoDB(context.Context, *service) (http.Handler, error) {
	return noPages(fakedynamodb.New(storedItems)), nil
}

// ledger is what the applications service keeps in DynamoDB.
type ledger struct {
	db      *dynamodb.Client
	scoring *peer
}

// newApplications keeps the applications: it knows the clients, asks scoring and
// stores what was decided.
func newApplications(ctx context.Context, s *service) (http.Handler, error) {
	if err := s.startTelemetry(ctx); err != nil {
		return nil, err
	}
	cfg := s.awsConfig(s.cfg.DynamoDBEndpoint)
	untraced := dynamodb.NewFromConfig(cfg)
	if err := untilReady(ctx, func(ctx context.Context) error { return createTables(ctx, untraced) }); err != nil {
		return nil, err
	}
	l := &ledger{dynamodb.NewFromConfig(s.traced(cfg)), s.peer(Scoring, s.cfg.ScoringURL)}
	return s.routes(
		route{"POST /applications", l.file},
		route{"GET /applications/{id}", l.look},
	), nil
}

func createTables(ctx context.Context, db *dynamodb.Client) error {
	for _, table := range []string{clientTable, applicationTable} {
		_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName:            aws.String(table),
			BillingMode:          types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		})
		var exists *types.ResourceInUseException
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("create table %s: %w", table, err)
		}
	}
	for _, c := range clients {
		_, err := db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(clientTable),
			Item:      map[string]types.AttributeValue{"id": text(c.id), "name": text(c.name)},
		})
		if err != nil {
			return fmt.Errorf("put client %s: %w", c.id, err)
		}
	}
	return nil
}

// file takes an application through to its decision.
func (l *ledger) file(r *http.Request) (int, any, error) {
	var app application
	if err := decode(r, &app); err != nil {
		return 0, nil, err
	}
	ctx := r.Context()
	annotate(ctx, xrayattr.Annotation("client_id", app.ClientID))
	if app.Scenario == NotFound {
		app.ClientID = unlistedClient
	}
	if _, err := l.get(ctx, clientTable, app.ClientID); err != nil {
		return 0, nil, err
	}
	var d decision
	if err := l.scoring.call(ctx, http.MethodPost, "/scores", app, &d); err != nil {
		return 0, nil, err
	}
	annotate(ctx, xrayattr.Annotation("decision", d.Decision))
	if err := l.put(ctx, d, app.Scenario); err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, d, nil
}

// look finds an application that was decided before.
func (l *ledger) look(r *http.Request) (int, any, error) {
	item, err := l.get(r.Context(), applicationTable, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	d := decision{
		ID: textOf(item["id"]), ClientID: textOf(item["client_id"]),
		Decision: textOf(item["decision"]), Document: textOf(item["document"]),
		Amount: numberOf(item["amount"]), Score: int(numberOf(item["score"])),
	}
	annotate(r.Context(), xrayattr.Annotation("client_id", d.ClientID), xrayattr.Annotation("decision", d.Decision))
	return http.StatusOK, d, nil
}

func (l *ledger) get(ctx context.Context, table, id string) (map[string]types.AttributeValue, error) {
	out, err := l.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(table),
		Key:       map[string]types.AttributeValue{"id": text(id)},
	})
	if err != nil {
		return nil, fmt.Errorf("get %s from %s: %w", id, table, storeError(err))
	}
	if out.Item == nil {
		return nil, failed(http.StatusNotFound, "%s is not in %s", id, table)
	}
	return out.Item, nil
}

func (l *ledger) put(ctx context.Context, d decision, scenario Scenario) error {
	item := map[string]types.AttributeValue{
		"id": text(d.ID), "client_id": text(d.ClientID), "decision": text(d.Decision),
		"document": text(d.Document), "amount": number(d.Amount), "score": number(int64(d.Score)),
	}
	switch scenario {
	case Throttled:
		item[fakedynamodb.FailAttribute] = text(fakedynamodb.Throttle)
	case Outage:
		item[fakedynamodb.FailAttribute] = text(fakedynamodb.Fail)
	}
	_, err := l.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(applicationTable), Item: item})
	if err != nil {
		return fmt.Errorf("put %s into %s: %w", d.ID, applicationTable, storeError(err))
	}
	return nil
}

// storeError gives an error of DynamoDB the status that it has for the caller.
func storeError(err error) error {
	var throttled *types.ProvisionedThroughputExceededException
	if errors.As(err, &throttled) {
		return &statusError{http.StatusTooManyRequests, err}
	}
	return &statusError{http.StatusServiceUnavailable, err}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// textOf returns a string, "" for what is none.
func textOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// numberOf returns an integer, 0 for what is none.
func numberOf(v types.AttributeValue) int64 {
	s, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(s.Value, 10, 64)
	return n
}
