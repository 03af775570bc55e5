package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const daemonHeader = "{\"format\": \"json\", \"version\": 1}\n"

// malformed sends what is broken, half of it over OTLP and half over UDP, while
// the generator's spans go on. None of it may be taken, or stop anything.
func malformed(ctx context.Context, l *lab) (string, error) {
	var taken, refused, broken atomic.Int64
	half := l.inputs / 2
	var workers sync.WaitGroup
	const senders = 8
	for w := range senders {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			valid := validRequest()
			for range half / senders {
				contentType, body := spoil(random, valid)
				switch status := postRaw(ctx, client, l.collector.otlp(), contentType, body); {
				case status == 0:
					broken.Add(1)
				case status < 300:
					taken.Add(1)
				default:
					refused.Add(1)
				}
			}
		})
	}
	datagrams, err := spoiledDatagrams(ctx, l, half)
	workers.Wait()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d OTLP refused, %d broke off, %d could be read; %d datagrams", refused.Load(), broken.Load(), taken.Load(), datagrams), nil
}

func validRequest() []byte {
	traces, _ := newGenerator("", 1).trace(time.Now())
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		panic(err) // spans of our own
	}
	return body
}

// spoil makes a request that no client means to send. Some protobuf survives
// that: then the collector rightly takes it.
func spoil(random *rand.Rand, valid []byte) (contentType string, body []byte) {
	const protobuf, text = "application/x-protobuf", "application/json"
	switch random.IntN(6) {
	case 0: // cut off
		return protobuf, valid[:1+random.IntN(len(valid)-1)]
	case 1: // noise
		noise := make([]byte, random.IntN(4096))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		return protobuf, noise
	case 2: // a few bytes wrong
		wrong := bytes.Clone(valid)
		for range 1 + random.IntN(8) {
			wrong[random.IntN(len(wrong))] = byte(random.Uint32())
		}
		return protobuf, wrong
	case 3:
		return text, bytes.Repeat([]byte(`{"resourceSpans":[`), 1+random.IntN(200))
	case 4:
		return text, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","spanId":1,"startTimeUnixNano":"x"}]}]}]}`)
	}
	return "text/plain", valid
}

func postRaw(ctx context.Context, client *http.Client, url, contentType string, body []byte) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body) //nolint:errcheck // the status is what counts
	return resp.StatusCode
}

func spoiledDatagrams(ctx context.Context, l *lab, n int) (int, error) {
	conn, err := net.Dial("udp", l.collector.daemon())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	random := rand.New(rand.NewPCG(7, 7))
	valid := []byte(daemonHeader + document("0000000000000001", time.Now()))
	sent := 0
	for i := range n {
		var datagram []byte
		switch random.IntN(5) {
		case 0:
			datagram = valid[:random.IntN(len(valid))]
		case 1:
			datagram = bytes.Repeat([]byte{byte(i)}, random.IntN(2000))
		case 2:
			datagram = []byte(daemonHeader + `{"id":"x","name":7,"start_time":"yesterday","trace_id":"1-2-3"}`)
		case 3:
			datagram = append([]byte(daemonHeader), bytes.Repeat([]byte(`{"subsegments":[`), random.IntN(500))...)
		default:
			datagram = []byte(`{"format":"xml","version":9}` + "\n{}")
		}
		if _, err := conn.Write(datagram); err == nil {
			sent++
		}
		if i%100 == 99 {
			if err := pause(ctx, time.Millisecond); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// document is a small segment, as the X-Ray SDKs send it.
func document(id string, now time.Time) string {
	text, err := json.Marshal(map[string]any{
		"id": id, "name": "soak-flood", "trace_id": fmt.Sprintf("1-%08x-%016x%08x", now.Unix(), rand.Uint64(), rand.Uint32()),
		"start_time": float64(now.UnixMicro())/1e6 - 0.01, "end_time": float64(now.UnixMicro()) / 1e6,
	})
	if err != nil {
		panic(err) // a map of our own
	}
	return string(text)
}
