package filter

import (
	"slices"
	"strings"
	"testing"
)

// TestComplete marks the cursor with "|". Want is what is replaced, in brackets,
// the choices, and after a semicolon what the data can tell.
func TestComplete(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"keyword", "resp|", "[resp] responsetime"},
		{"keyword in upper case", "HTTP.S|", "[HTTP.S] http.status"},
		{"keyword of a block", "rootcause.fault.exception { m|", "[m] message"},
		{"no keyword of another scope", "m|", "[m]"},
		{"root causes", "ok AND rootcause.f|", "[rootcause.f] rootcause.fault.service rootcause.fault.entity rootcause.fault.exception"},
		{"operators of a number", "duration |", "[] = != < <= > >= AND OR"},
		{"operators of a string", "http.url |", "[] = != CONTAINS BEGINSWITH ENDSWITH AND OR"},
		{"operator begun", "http.url be|", "[be] BEGINSWITH"},
		{"sign begun", "duration >|", "[>] > >="},
		{"sign begun after a word", "ok!|", "[!] !="},
		{"value of a boolean", "fault = |", "[] true false"},
		{"value of a string", "user = |", "[]; values of user"},
		{"value of a string begun", `user = "al|`, "[al]; values of user, in string"},
		{"value with an escape", `user = "a\"l|`, `[a\"l]; values of user, in string`},
		{"value of an annotation", "annotation.a = t|", "[t] true; values of annotation.a"},
		{"key", "annotation.ag|", "[ag]; keys"},
		{"key without letters", "ok annotation.|", "[]; keys"},
		{"key in brackets", "Annotation[ aws.lo|", "[aws.lo]; keys"},
		{"after a key", "annotation[a] |", "[] = != < <= > >= CONTAINS BEGINSWITH ENDSWITH AND OR"},
		{"after a comparison", "duration > 5 |", "[] AND OR"},
		{"connective begun", "duration > 5 a|", "[a] AND"},
		{"after not", "!fa|", "[fa] fault"},
		{"after a string", `user = "x"|`, "[] AND OR"},
		{"service", "service(|", "[] ) id(; services"},
		{"name of a service", `service("ca|`, "[ca]; services, in string"},
		{"block of a service", `service("cart") |`, "[] { AND OR"},
		{"keyword in a service", `service("cart") { ro|`, "[ro] root"},
		{"no service in a service", `service("cart") { serv|`, "[serv]"},
		{"end of a block", `service("cart") { fault |`, "[] = != AND OR }"},
		{"edge", `edge("a", |`, "[] id(; services"},
		{"parts", "service(id(|", "[] ) name: type: account.id:"},
		{"part begun", `service(id(name: "x", t|`, "[t] type:"},
		{"type", `service(id(type: "AWS::L|`, "[AWS::L]; types, in string"},
		{"account", `service(id(account.id: "1|`, "[1]; in string"},
		{"group", `group.name = "|`, "[]; group.name, in string"},
		{"block of a root cause", "rootcause.error.service |", "[] {"},
		{"what is before is wrong", "fualt AND |", "[]"},
		{"in the middle", "fa| AND ok", "[fa] fault"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cursor := strings.IndexByte(tt.text, '|')
			text := strings.Replace(tt.text, "|", "", 1)
			c := Complete(text, cursor)
			if got := describe(c, text[c.From:cursor]); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func describe(c Completions, replaced string) string {
	text := "[" + replaced + "]"
	for _, item := range c.Items {
		text += " " + item.Text
	}
	var data []string
	if c.Values != nil {
		data = append(data, "values of "+c.Values.String())
	}
	for name, on := range map[string]bool{"services": c.Services, "types": c.Types, "keys": c.Keys} {
		if on {
			data = append(data, name)
		}
	}
	if c.Groups != "" {
		data = append(data, string(c.Groups))
	}
	if c.InString {
		data = append(data, "in string")
	}
	if len(data) > 0 {
		text += "; " + strings.Join(data, ", ")
	}
	return text
}

// TestCompletionsAreRight types each choice that stands alone and looks whether
// the language takes it.
func TestCompletionsAreRight(t *testing.T) {
	for _, begin := range []string{"", "ok AND ", `service("x") { `, `edge("a", "b") { `, "rootcause.fault.service { ", "rootcause.responsetime.entity { ", "rootcause.error.exception { "} {
		for _, item := range Complete(begin, len(begin)).Items {
			if item.Role != RoleKeyword || strings.ContainsAny(item.Text, "(") || strings.HasSuffix(item.Text, ".") {
				continue
			}
			text := begin + item.Text
			if _, err := parse(text); err != nil && err.Length > 0 && !strings.Contains(err.Message, "no closing") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if first := Complete("", 0).Items; !slices.ContainsFunc(first, func(c Completion) bool { return c.Text == "service(" && c.Help != "" }) {
		t.Errorf("got %v", first)
	}
}

func FuzzComplete(f *testing.F) {
	f.Add(`service("a") { fault AND annotation[x] = "y" }`, 20)
	f.Add(`annotation["`, 11)
	f.Add("ü!\xff", 2)
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		c := Complete(text, cursor)
		if at := min(max(cursor, 0), len(text)); c.From < 0 || c.From > at {
			t.Fatalf("%q at %d: replaces from %d", text, cursor, c.From)
		}
	})
}
