package dynamodb

import (
	"encoding/json"
	"net/http"
	"time"
)

// An attribute is a DynamoDB value such as {"S":"x"}: one type, one value.
type attribute map[string]json.RawMessage

type item map[string]attribute

type keyElement struct {
	AttributeName string
	KeyType       string // HASH or RANGE
}

type definition struct {
	AttributeName string
	AttributeType string // S, N or B
}

// table is one table with a simple primary key, a hash key alone.
type table struct {
	description tableDescription
	key         string
	items       map[string]item
	order       []string // keys, the oldest first
}

type tableDescription struct {
	TableName            string
	TableStatus          string
	TableArn             string
	CreationDateTime     float64 // seconds since 1970
	KeySchema            []keyElement
	AttributeDefinitions []definition
	BillingModeSummary   map[string]string `json:",omitempty"`
	ItemCount            int
	TableSizeBytes       int
}

type createTableInput struct {
	TableName            string
	KeySchema            []keyElement
	AttributeDefinitions []definition
	BillingMode          string
}

func (d *DB) createTable(in createTableInput) (any, error) {
	if len(in.TableName) < 3 || len(in.TableName) > 255 {
		return nil, validation("TableName must be at least 3 characters long and at most 255 characters long")
	}
	if len(in.KeySchema) != 1 || in.KeySchema[0].KeyType != "HASH" {
		return nil, validation("this endpoint has tables with a hash key alone")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tables[in.TableName] != nil {
		return nil, &apiError{http.StatusBadRequest, serviceNamespace + "ResourceInUseException",
			"Table already exists: " + in.TableName}
	}
	t := &table{key: in.KeySchema[0].AttributeName, items: map[string]item{}}
	t.description = tableDescription{
		TableName: in.TableName, TableStatus: "ACTIVE",
		TableArn:         "arn:aws:dynamodb:us-east-1:000000000000:table/" + in.TableName,
		CreationDateTime: float64(time.Now().UnixMilli()) / 1000,
		KeySchema:        in.KeySchema, AttributeDefinitions: in.AttributeDefinitions,
	}
	if in.BillingMode != "" {
		t.description.BillingModeSummary = map[string]string{"BillingMode": in.BillingMode}
	}
	d.tables[in.TableName] = t
	return map[string]any{"TableDescription": t.description}, nil
}

func (d *DB) describeTable(in struct{ TableName string }) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, err
	}
	description := t.description
	description.ItemCount = len(t.items)
	return map[string]any{"Table": description}, nil
}

type putItemInput struct {
	TableName string
	Item      item
}

func (d *DB) putItem(in putItemInput) (any, error) {
	if size(in.Item) > maxItem {
		return nil, validation("Item size has exceeded the maximum allowed size")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, err
	}
	key, err := t.keyOf(in.Item)
	if err != nil {
		return nil, err
	}
	if err := in.Item.failure(); err != nil {
		return nil, err
	}
	t.put(key, in.Item, d.keep)
	return struct{}{}, nil
}

type getItemInput struct {
	TableName string
	Key       item
}

func (d *DB) getItem(in getItemInput) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, err
	}
	key, err := t.keyOf(in.Key)
	if err != nil || len(in.Key) != 1 {
		return nil, validation("The provided key element does not match the schema")
	}
	if found, ok := t.items[key]; ok {
		return map[string]any{"Item": found}, nil
	}
	return struct{}{}, nil // an item that is not there is no error
}

// table needs d.mu.
func (d *DB) table(name string) (*table, error) {
	if t := d.tables[name]; t != nil {
		return t, nil
	}
	return nil, &apiError{http.StatusBadRequest, serviceNamespace + "ResourceNotFoundException",
		"Requested resource not found: Table: " + name + " not found"}
}

func (t *table) keyOf(i item) (string, error) {
	value, ok := i[t.key]
	if !ok || len(value) != 1 {
		return "", validation("One or more parameter values were invalid: Missing the key %s in the item", t.key)
	}
	var key string
	for kind, raw := range value {
		key = kind + string(raw)
	}
	return key, nil
}

func (t *table) put(key string, i item, keep int) {
	if _, known := t.items[key]; !known {
		t.order = append(t.order, key)
	}
	t.items[key] = i
	if len(t.order) > keep {
		delete(t.items, t.order[0])
		t.order = t.order[1:]
	}
}

// failure returns the error that the item asks for, if it does.
func (i item) failure() error {
	var wish string
	json.Unmarshal(i[FailAttribute]["S"], &wish) // absent and no string: no wish
	switch wish {
	case Throttle:
		return &apiError{http.StatusBadRequest, serviceNamespace + "ProvisionedThroughputExceededException",
			"The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}
	case Fail:
		return &apiError{http.StatusInternalServerError, serviceNamespace + "InternalServerError",
			"The request processing has failed because of an unknown error, exception or failure."}
	}
	return nil
}

// size is about what the item takes, names and values.
func size(i item) int {
	n := 0
	for name, value := range i {
		n += len(name)
		for _, raw := range value {
			n += len(raw)
		}
	}
	return n
}
