package carried

import "testing"

func TestCarried(t *testing.T) {
	for name, tt := range map[string]struct {
		got  map[string]string
		want string // of traceparent
	}{
		"data":                     {InData([]byte(`{"_trace":{"traceparent":"a"},"id":7}`)), "a"},
		"data without":             {InData([]byte(`{"id":7}`)), ""},
		"data that is no JSON":     {InData([]byte(`"_trace"`)), ""},
		"data of another type":     {InData([]byte(`{"_trace":7}`)), ""},
		"notification":             {InNotification(` {"Type":"Notification","MessageAttributes":{"traceparent":{"Type":"String","Value":"b"}}}`), "b"},
		"another message":          {InNotification(`{"Type":"Other","MessageAttributes":{"traceparent":{"Value":"b"}}}`), ""},
		"a message that is cut":    {InNotification(`{"Type":"Notification","traceparent"`), ""},
		"a text with that in mind": {InNotification(`"traceparent"`), ""},
	} {
		if tt.got["traceparent"] != tt.want {
			t.Errorf("%s: %v, want %q", name, tt.got, tt.want)
		}
	}
}

func FuzzCarried(f *testing.F) {
	f.Add(`{"_trace":{"traceparent":"a"}}`)
	f.Add(`{"Type":"Notification","MessageAttributes":{"traceparent":{"Value":"b"}}}`)
	f.Fuzz(func(_ *testing.T, text string) {
		InData([]byte(text))
		InNotification(text)
	})
}
