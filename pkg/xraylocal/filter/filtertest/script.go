package filtertest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Epoch is the beginning of the scripts' time, in seconds since the Unix epoch.
const Epoch = 1_790_000_000

// A command is one of a script's.
type command struct {
	line int
	word string // load, group, clear or eval
	name string // of a trace or a group
	docs []json.RawMessage
	text string // of an expression
	ask  Query
	want expectation
}

// An expectation is what a question must be answered.
type expectation struct {
	traces []string // names
	err    string   // what the error must contain; "" if there must be none
}

// parse reads a script.
func parse(text string) ([]command, error) {
	var commands []command
	number := 0
	for line := range strings.Lines(text) {
		number++
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var err error
		if indented {
			err = addDocument(commands, line)
		} else {
			commands, err = addCommand(commands, line, number)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return commands, nil
}

func addCommand(commands []command, line string, number int) ([]command, error) {
	word, rest, _ := strings.Cut(line, " ")
	c := command{line: number, word: word}
	var err error
	switch word {
	case "clear":
	case "load":
		c.name = strings.TrimSpace(rest)
	case "group":
		c.name, rest, _ = strings.Cut(rest, " ")
		c.text, err = strconv.Unquote(rest)
	case "eval":
		c.ask, err = parseEval(rest)
	case "expect":
		if len(commands) == 0 || commands[len(commands)-1].word != "eval" {
			return nil, fmt.Errorf("expect comes after eval")
		}
		commands[len(commands)-1].want, err = parseExpect(rest)
		return commands, err
	default:
		err = fmt.Errorf("unknown command %q", word)
	}
	return append(commands, c), err
}

// parseEval reads what follows eval.
func parseEval(rest string) (Query, error) {
	q := Query{By: Started, From: 0, To: math.MaxInt32}
	for {
		word, after, _ := strings.Cut(rest, " ")
		switch word {
		case "filter":
			var err error
			q.Filter, err = strconv.Unquote(after)
			return q, err
		case "started", "ended":
			q.By = Range(word)
			if _, err := fmt.Sscan(after, &q.From, &q.To); err != nil {
				return q, fmt.Errorf("%s: two times should follow", word)
			}
			rest = strings.Join(strings.Fields(after)[2:], " ")
			if i := strings.Index(after, "filter"); i >= 0 {
				rest = after[i:] // white space in the expression matters
			}
		default:
			return q, fmt.Errorf("eval: unexpected %q", word)
		}
	}
}

func parseExpect(rest string) (expectation, error) {
	if text, ok := strings.CutPrefix(rest, "error "); ok {
		text, err := strconv.Unquote(text)
		return expectation{err: text}, err
	}
	if rest == "nothing" {
		return expectation{}, nil
	}
	names := strings.Fields(rest)
	if len(names) == 0 {
		return expectation{}, fmt.Errorf(`expect: names of traces, "nothing" or "error" should follow`)
	}
	return expectation{traces: names}, nil
}

// addDocument completes a document and adds it to the load before it.
func addDocument(commands []command, line string) error {
	if len(commands) == 0 || commands[len(commands)-1].word != "load" {
		return fmt.Errorf("a document comes after load")
	}
	c := &commands[len(commands)-1]
	var doc map[string]any
	if err := json.Unmarshal([]byte(line), &doc); err != nil {
		return err
	}
	complete(doc)
	doc["trace_id"] = TraceID(c.name)
	b, err := json.Marshal(doc)
	c.docs = append(c.docs, b)
	return err
}

// complete makes times and ids of a document and its subsegments what they
// stand for.
func complete(doc map[string]any) {
	for _, key := range []string{"start_time", "end_time"} {
		if seconds, ok := doc[key].(float64); ok {
			doc[key] = Epoch + seconds
		}
	}
	for _, key := range []string{"id", "parent_id"} {
		if id, ok := doc[key].(string); ok && len(id) < 16 {
			doc[key] = strings.Repeat("0", 16-len(id)) + id
		}
	}
	subsegments, _ := doc["subsegments"].([]any)
	for _, sub := range subsegments {
		if sub, ok := sub.(map[string]any); ok {
			complete(sub)
		}
	}
}

// TraceID returns the id of the trace that a script calls by this name.
func TraceID(name string) string {
	sum := sha256.Sum256([]byte(name))
	digits := hex.EncodeToString(sum[:])
	return "1-" + digits[:8] + "-" + digits[8:32]
}
