// Package sqs is as much of Amazon SQS as the tests use: CreateQueue,
// SendMessage, SendMessageBatch, ReceiveMessage and DeleteMessage over the JSON
// 1.0 protocol, in memory. It keeps what messages carry and hands out of it what
// is asked for, as the real one does.
//
// Rules: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/
package sqs

import (
	"crypto/md5" //nolint:gosec // SQS's checksum
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server holds queues. Its methods are safe for concurrent use. Credentials and
// signatures are not looked at.
type Server struct {
	mu     sync.Mutex
	queues map[string][]*message // by URL
}

// New returns a server without queues.
func New() *Server { return &Server{queues: map[string][]*message{}} }

type attribute struct {
	DataType    string
	StringValue string
}

type message struct {
	MessageID         string            `json:"MessageId"`
	ReceiptHandle     string            `json:",omitempty"`
	Body              string            `json:",omitempty"`
	MD5OfBody         string            `json:",omitempty"`
	Attributes        map[string]string `json:",omitempty"`
	MessageAttributes map[string]attribute
}

// request is that of every operation.
type request struct {
	QueueName                   string
	QueueURL                    string `json:"QueueUrl"`
	ID                          string `json:"Id"`
	MessageBody                 string
	MessageAttributes           map[string]attribute
	MessageSystemAttributes     map[string]attribute
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         int
	ReceiptHandle               string
	Entries                     []request
}

type apiError struct{ kind, message string }

func (e *apiError) Error() string { return e.kind + ": " + e.message }

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var in request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		s.answer(w, nil, &apiError{"SerializationException", err.Error()})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.call(r.Host, operation, in)
	s.answer(w, out, err)
}

func (s *Server) answer(w http.ResponseWriter, out any, err *apiError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-RequestId", rand.Text())
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": "com.amazonaws.sqs#" + err.kind, "message": err.message}
	}
	_ = json.NewEncoder(w).Encode(out) // an error means that the caller has gone
}

func (s *Server) call(host, operation string, in request) (any, *apiError) {
	if operation == "CreateQueue" {
		url := "http://" + host + "/123456789012/" + in.QueueName
		s.queues[url] = []*message{}
		return map[string]string{"QueueUrl": url}, nil
	}
	if _, ok := s.queues[in.QueueURL]; !ok {
		return nil, &apiError{"QueueDoesNotExist", "The specified queue does not exist."}
	}
	switch operation {
	case "SendMessage":
		return s.send(in.QueueURL, in)
	case "SendMessageBatch":
		return s.sendBatch(in)
	case "ReceiveMessage":
		return s.receive(in), nil
	case "DeleteMessage":
		s.queues[in.QueueURL] = slices.DeleteFunc(s.queues[in.QueueURL], func(m *message) bool { return m.ReceiptHandle == in.ReceiptHandle })
		return struct{}{}, nil
	}
	return nil, &apiError{"UnsupportedOperation", operation}
}

type sent struct {
	ID               string `json:"Id,omitempty"`
	MessageID        string `json:"MessageId"`
	MD5OfMessageBody string
}

func (s *Server) send(url string, in request) (*sent, *apiError) {
	if len(in.MessageAttributes) > 10 {
		return nil, &apiError{"InvalidParameterValue", "Number of message attributes [" + fmt.Sprint(len(in.MessageAttributes)) + "] exceeds the allowed maximum [10]."}
	}
	sum := md5.Sum([]byte(in.MessageBody)) //nolint:gosec // SQS's checksum
	m := &message{
		MessageID: rand.Text(), ReceiptHandle: rand.Text(), Body: in.MessageBody, MD5OfBody: hex.EncodeToString(sum[:]),
		Attributes: map[string]string{"SentTimestamp": "1795330839609"}, MessageAttributes: in.MessageAttributes,
	}
	for name, a := range in.MessageSystemAttributes {
		if name != "AWSTraceHeader" {
			return nil, &apiError{"InvalidParameterValue", "MessageSystemAttributes: " + name}
		}
		m.Attributes[name] = a.StringValue
	}
	s.queues[url] = append(s.queues[url], m)
	return &sent{ID: in.ID, MessageID: m.MessageID, MD5OfMessageBody: m.MD5OfBody}, nil
}

func (s *Server) sendBatch(in request) (any, *apiError) {
	out := struct{ Successful, Failed []*sent }{}
	for _, e := range in.Entries {
		done, err := s.send(in.QueueURL, e)
		if err != nil {
			return nil, err
		}
		out.Successful = append(out.Successful, done)
	}
	return out, nil
}

// receive hands out messages with the attributes that were asked for, and no
// others.
func (s *Server) receive(in request) any {
	out := struct{ Messages []message }{}
	for _, m := range s.queues[in.QueueURL] {
		if len(out.Messages) == max(1, in.MaxNumberOfMessages) {
			break
		}
		shown := *m
		shown.Attributes, shown.MessageAttributes = map[string]string{}, map[string]attribute{}
		for name, value := range m.Attributes {
			if slices.Contains(in.MessageSystemAttributeNames, name) || slices.Contains(in.MessageSystemAttributeNames, "All") {
				shown.Attributes[name] = value
			}
		}
		for name, value := range m.MessageAttributes {
			if slices.Contains(in.MessageAttributeNames, name) || slices.Contains(in.MessageAttributeNames, "All") {
				shown.MessageAttributes[name] = value
			}
		}
		out.Messages = append(out.Messages, shown)
	}
	return out
}
