package xray

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// annotation is a value as annotations have it: what has no JSON, like NaN, as
// text, and types that are made of one that is allowed as that one.
func annotation(key string, value any, segment string) (any, error) {
	switch v := value.(type) {
	case bool, int, uint, string:
		return value, nil
	case float32:
		return number(float64(v), value), nil
	case float64:
		return number(v, value), nil
	case nil:
		return nil, notAnnotation(key, value, segment)
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if u := v.Uint(); u <= math.MaxInt64 {
			return int64(u), nil
		}
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return number(v.Float(), v.Float()), nil
	case reflect.String:
		return v.String(), nil
	}
	return nil, notAnnotation(key, value, segment)
}

func number(f float64, value any) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return value
}

func notAnnotation(key string, value any, segment string) error {
	return fmt.Errorf("failed to add annotation key: %q value: %q to subsegment %q. value must be of type string, number or boolean", key, value, segment)
}
