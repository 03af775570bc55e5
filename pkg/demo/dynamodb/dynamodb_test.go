package dynamodb

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// post sends one call and returns the status and the body.
func post(t testing.TB, db *DB, operation, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", operation)
	w := httptest.NewRecorder()
	db.ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "application/x-amz-json-1.0" {
		t.Errorf("content type %q", got)
	}
	for _, header := range []string{"X-Amzn-RequestId", "X-Amz-Crc32"} {
		if w.Header().Get(header) == "" {
			t.Errorf("no %s", header)
		}
	}
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v in %q", operation, err, w.Body)
	}
	return w.Code, out
}

const createLoans = `{"TableName":"loans","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
	"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}`

func withLoans(t testing.TB, keep int) *DB {
	t.Helper()
	db := New(keep)
	if status, out := post(t, db, "DynamoDB_20120810.CreateTable", createLoans); status != http.StatusOK {
		t.Fatalf("create table: %d %v", status, out)
	}
	return db
}

func TestItems(t *testing.T) {
	db := withLoans(t, 10)
	const item = `{"id":{"S":"a"},"amount":{"N":"5"},"tags":{"L":[{"S":"x"},{"NULL":true}]}}`
	if status, out := post(t, db, "DynamoDB_20120810.PutItem", `{"TableName":"loans","Item":`+item+`}`); status != http.StatusOK || len(out) != 0 {
		t.Errorf("put: %d %v", status, out)
	}
	status, out := post(t, db, "DynamoDB_20120810.GetItem", `{"TableName":"loans","Key":{"id":{"S":"a"}}}`)
	var want any
	json.Unmarshal([]byte(item), &want)
	if diff := cmp.Diff(want, out["Item"]); status != http.StatusOK || diff != "" {
		t.Errorf("get: %d (-want +got):\n%s", status, diff)
	}
	status, out = post(t, db, "DynamoDB_20120810.GetItem", `{"TableName":"loans","Key":{"id":{"S":"b"}}}`)
	if status != http.StatusOK || len(out) != 0 {
		t.Errorf("get of what is not there: %d %v", status, out)
	}
	status, out = post(t, db, "DynamoDB_20120810.DescribeTable", `{"TableName":"loans"}`)
	table, _ := out["Table"].(map[string]any)
	if status != http.StatusOK || table["TableStatus"] != "ACTIVE" || table["ItemCount"] != 1.0 {
		t.Errorf("describe: %d %v", status, out)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, target, body string
		status             int
		kind               string // without its namespace
	}{
		{"no target", "", "{}", 400, "UnknownOperationException"},
		{"other version", "DynamoDB_20111205.PutItem", "{}", 400, "UnknownOperationException"},
		{"other operation", "DynamoDB_20120810.Scan", "{}", 400, "UnknownOperationException"},
		{"no JSON", "DynamoDB_20120810.PutItem", "{", 400, "SerializationException"},
		{"wrong type", "DynamoDB_20120810.PutItem", `{"TableName":5}`, 400, "SerializationException"},
		{"no table", "DynamoDB_20120810.PutItem", `{"TableName":"x","Item":{}}`, 400, "ResourceNotFoundException"},
		{"no table to describe", "DynamoDB_20120810.DescribeTable", `{"TableName":"x"}`, 400, "ResourceNotFoundException"},
		{"no table to get from", "DynamoDB_20120810.GetItem", `{"TableName":"x"}`, 400, "ResourceNotFoundException"},
		{"table exists", "DynamoDB_20120810.CreateTable", createLoans, 400, "ResourceInUseException"},
		{"short name", "DynamoDB_20120810.CreateTable", `{"TableName":"x"}`, 400, "ValidationException"},
		{"no key schema", "DynamoDB_20120810.CreateTable", `{"TableName":"xyz"}`, 400, "ValidationException"},
		{"no key", "DynamoDB_20120810.PutItem", `{"TableName":"loans","Item":{"x":{"S":"1"}}}`, 400, "ValidationException"},
		{"two keys", "DynamoDB_20120810.GetItem", `{"TableName":"loans","Key":{"id":{"S":"1"},"x":{"S":"1"}}}`, 400, "ValidationException"},
		{
			"large item", "DynamoDB_20120810.PutItem",
			`{"TableName":"loans","Item":{"id":{"S":"` + strings.Repeat("x", maxItem) + `"}}}`, 400, "ValidationException",
		},
		{
			"throttled", "DynamoDB_20120810.PutItem",
			`{"TableName":"loans","Item":{"id":{"S":"1"},"simulate":{"S":"throttle"}}}`, 400, "ProvisionedThroughputExceededException",
		},
		{
			"failing", "DynamoDB_20120810.PutItem",
			`{"TableName":"loans","Item":{"id":{"S":"1"},"simulate":{"S":"fail"}}}`, 500, "InternalServerError",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := withLoans(t, 10)
			status, out := post(t, db, c.target, c.body)
			kind, _ := out["__type"].(string)
			if status != c.status || !strings.HasSuffix(kind, "#"+c.kind) {
				t.Errorf("%d %v, want %d %s", status, out, c.status, c.kind)
			}
			if n := len(db.tables["loans"].items); n != 0 {
				t.Errorf("%d items are stored", n)
			}
		})
	}
}

func TestKeepsLatest(t *testing.T) {
	db := withLoans(t, 2)
	for _, id := range []string{"a", "b", "a", "c"} { // a is older than b, though written again
		post(t, db, "DynamoDB_20120810.PutItem", fmt.Sprintf(`{"TableName":"loans","Item":{"id":{"S":%q}}}`, id))
	}
	for id, want := range map[string]bool{"a": false, "b": true, "c": true} {
		_, out := post(t, db, "DynamoDB_20120810.GetItem", fmt.Sprintf(`{"TableName":"loans","Key":{"id":{"S":%q}}}`, id))
		if _, got := out["Item"]; got != want {
			t.Errorf("%s is there: %t, want %t", id, got, want)
		}
	}
}

func TestOtherPaths(t *testing.T) {
	for _, target := range []string{"GET /", "POST /loans"} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		New(1).ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func FuzzCall(f *testing.F) {
	for _, operation := range []string{"CreateTable", "DescribeTable", "PutItem", "GetItem"} {
		f.Add(operation, createLoans)
		f.Add(operation, `{"TableName":"loans","Item":{"id":{"S":"1"},"simulate":{"S":5}},"Key":{"id":{"S":"1"}}}`)
		f.Add(operation, `{"TableName":"loans","Item":{"id":null},"Key":{"id":{}}}`)
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		status, out := post(t, withLoans(t, 2), "DynamoDB_20120810."+operation, body)
		if _, isError := out["__type"]; isError == (status == http.StatusOK) {
			t.Errorf("%d %v", status, out)
		}
	})
}
