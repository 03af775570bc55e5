package filter

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestPrintedInUsualForm(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", " \t\n", ""},
		{"number", "responsetime > 5", "responsetime > 5"},
		{"juxtaposition", "ok !partial duration <3", "ok AND !partial AND duration < 3"},
		{"precedence", "ok or fault and error", "ok OR fault AND error"},
		{"precedence of juxtaposition", "ok or fault error", "ok OR fault AND error"},
		{"parentheses that matter", "(ok or fault) and error", "(ok OR fault) AND error"},
		{"parentheses that do not", "((ok) or (fault and error))", "ok OR fault AND error"},
		{"nested and", "ok and (fault and error)", "ok AND (fault AND error)"},
		{"not of a comparison", "!http.status = 200", "!(http.status = 200)"},
		{"not twice", "!!ok", "!!ok"},
		{"case of letters", `Http.URL contains "a" And ResponseTime >= 1E1`, `http.url CONTAINS "a" AND responsetime >= 10`},
		{"escapes", `user = "a\"b\\c\d"`, `user = "a\"b\\c\\d"`},
		{"bareword", "rootcause.fault.service { name = traces }", `rootcause.fault.service { name = "traces" }`},
		{"boolean values", "fault = TRUE OR ok != false", "fault = true OR ok != false"},
		{"annotation", "!annotation.age", "!annotation.age"},
		{"annotation key keeps its case", "ANNOTATION.Age > 29", "annotation.Age > 29"},
		{"annotation in brackets", `annotation[aws.local.environment] = "k8s:default"`, `annotation[aws.local.environment] = "k8s:default"`},
		{"annotation in brackets that needs none", "annotation[ age ]", "annotation.age"},
		{"annotation with a string as key", `Annotation [ "a]\"b" ]`, `annotation["a]\"b"]`},
		{"service", `service("a"){fault}`, `service("a") { fault }`},
		{"any service", "service() { fault }", "service() { fault }"},
		{"service by id", `service(id(type:"T",name:"n")){ok}`, `service(id(name: "n", type: "T")) { ok }`},
		{"service by account", `service(id(account.id:"1"))`, `service(id(account.id: "1"))`},
		{"id of a name only", `service(id(name:"n"))`, `service("n")`},
		{"id of nothing", "service(id())", "service(id())"},
		{"edge", `edge("a",id(name:"b",type:"T")){error}`, `edge("a", id(name: "b", type: "T")) { error }`},
		{"json", `rootcause.json=#[ { "Services" : [ {"Name": "a"} ] } ]`, `rootcause.json = #[{"Services":[{"Name":"a"}]}]`},
		{"group", `group.name="g" user = "x"`, `group.name = "g" AND user = "x"`},
		{"negative number", "annotation.t < -.5e-3", "annotation.t < -0.0005"},
		{"mixed types", `duration >= "5"`, `duration >= "5"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			again, err := Parse(e.String())
			if err != nil || !Equal(e, again) {
				t.Errorf("printed and read again it is %v, %v", again, err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"typing error", "ok AND     respones > 5", "column 12: unknown keyword 'respones', did you mean responsetime? (an annotation is written annotation.respones)"},
		{"name that never existed", "response.status >= 500", "column 1: unknown keyword 'response.status', did you mean http.status? (an annotation is written annotation[response.status])"},
		{"user id", `user_id = "x"`, "column 1: unknown keyword 'user_id', did you mean user? (an annotation is written annotation.user_id)"},
		{"swapped letters", "fualt", "column 1: unknown keyword 'fualt', did you mean fault? (an annotation is written annotation.fualt)"},
		{"nothing like it", "zebra = 1", "column 1: unknown keyword 'zebra' (an annotation is written annotation.zebra)"},
		{"metadata", `metadata.x = "1"`, "column 1: unknown keyword 'metadata.x': metadata is not indexed, only annotations can be filtered for"},
		{"annotations", "annotations.x", "column 1: unknown keyword 'annotations.x', did you mean annotation.x?"},
		{"not", "NOT fault", "column 1: unknown keyword 'NOT', did you mean ! (as in !fault)?"},
		{"columns are characters", `user = "äöü" AND x`, "column 18: unknown keyword 'x' (an annotation is written annotation.x)"},
		{"open block", `service("x") { fault`, "column 14: this '{' has no closing '}'"},
		{"open parenthesis", "(ok", "column 1: this '(' has no closing ')'"},
		{"closed too often", "ok)", "column 3: unexpected ')' where AND, OR or the end should come"},
		{"closed at once", "ok AND )", "column 8: this ')' closes nothing"},
		{"crossed", `service("x") { (fault } )`, "column 23: unexpected '}' where AND, OR or ')' should come"},
		{"empty parentheses", "()", "column 1: there is nothing between '(' and ')'"},
		{"empty block", "service() {}", "column 11: there is nothing between '{' and '}'"},
		{"open string", `user = "x`, "column 8: the string that begins here has no closing quotation mark"},
		{"single quotes", "user = 'x'", `column 8: a string is written in straight double quotation marks, as in user = "alice"`},
		{"double equals", "ok == true", "column 4: unexpected '==': write ="},
		{"ampersands", "ok && fault", "column 4: unexpected '&': write AND"},
		{"unit", "duration > 500ms", "column 12: '500ms' is not a number: times are written in seconds, without a unit"},
		{"too large", "duration > 1e999", "column 12: '1e999' is not a number, or too large a one"},
		{"no value", "duration >", "column 11: the expression ends where a value for > should come"},
		{"and twice", "ok AND AND fault", "column 8: unexpected 'AND' where a keyword should come"},
		{"or at the end", "ok OR", "column 6: the expression ends where a keyword should come"},
		{"operator of another type", `http.url > "x"`, "column 10: > cannot be used with http.url, which is a string: use one of = != CONTAINS BEGINSWITH ENDSWITH"},
		{"no operator", `user "x"`, `column 6: unexpected '"x"' where an operator, AND, OR or the end should come`},
		{"like", `user LIKE "x"`, "column 6: there is no operator 'LIKE': use =, !=, CONTAINS, BEGINSWITH or ENDSWITH"},
		{"keyword of another scope", "first", "column 1: first can be used only in the blocks of rootcause"},
		{"keyword that a block does not have", "rootcause.fault.entity { fault }", "column 26: fault cannot be used in rootcause fault or error entity { }"},
		{"coverage of a fault", "rootcause.fault.entity { coverage > 1 }", "column 26: coverage can be used only in rootcause.responsetime.entity { }"},
		{"message of a service", `rootcause.fault.service { message = "x" }`, "column 27: message can be used only in rootcause exception { }"},
		{"service in service", `service("x") { service("y") }`, "column 16: service cannot be used in a block"},
		{"service without parentheses", "service { fault }", "column 9: unexpected '{' where '(' after service should come"},
		{"service without quotes", "service(x)", `column 9: unexpected 'x' where a name in quotation marks or id(name: "…", type: "…") should come`},
		{"edge with one end", `edge("x")`, "column 9: unexpected ')' where ',' after the source of the edge should come"},
		{"unknown part", `service(id(nam: "x"))`, "column 12: unexpected 'nam' where name:, type: or account.id: should come"},
		{"part twice", `service(id(name: "x", name: "y"))`, "column 23: name is given twice"},
		{"id alone", `id(name: "x")`, `column 1: id() stands only in service() and edge(), as in service(id(name: "…", type: "…"))`},
		{"dotted annotation", "annotation.a.b = 1", "column 1: a key with characters other than letters, digits and _ is written annotation[a.b]"},
		{"annotation without key", "annotation = 1", "column 1: a key should follow, as in annotation.key or annotation[any key]"},
		{"empty key", "annotation[ ]", "column 11: the key is empty"},
		{"open key", "annotation[a", "column 11: this '[' has no closing ']'"},
		{"annotation in a root cause", "rootcause.fault.service { annotation.x }", "column 27: annotation cannot be used in rootcause service { }"},
		{"unknown root cause", "rootcause.faults.service { first }", "column 1: unknown keyword 'rootcause.faults.service', did you mean rootcause.fault.service?"},
		{"exceptions of a response time", "rootcause.responsetime.exception { first }", "column 1: the root cause of a response time has no exceptions: use rootcause.responsetime.service or rootcause.responsetime.entity"},
		{"root cause without block", "rootcause.fault.service", `column 24: the expression ends where a block after rootcause.fault.service, as in rootcause.fault.service { name = "…" }, should come`},
		{"json that is none", "rootcause.json = #[{]", "column 21: the list of root causes is not JSON: invalid character ']' looking for beginning of object key string"},
		{"json without objects", "rootcause.json = #[1]", `column 19: a root cause is an object, as in {"Services": [{"Name": "…"}]}`},
		{"json that is empty", "rootcause.json = #[]", `column 19: there should be at least one root cause, as in {"Services": [{"Name": "…"}]}`},
		{"json that is open", "rootcause.json = #[{}", "column 19: this '[' has no closing ']'"},
		{"group compared otherwise", `group.name CONTAINS "x"`, "column 12: unexpected 'CONTAINS' where = or != after group.name should come"},
		{"control character", "ok \x00", `column 4: unexpected '\x00'`},
		{"invalid UTF-8", "ok \xff", "column 4: the expression is not valid UTF-8"},
		{"too long", strings.Repeat("ok ", MaxLength/3+1), "column 16385: the expression is longer than 16384 bytes"},
		{"too deep", strings.Repeat("(", MaxDepth+1), "column 101: the expression is more than 100 levels deep"},
		{"too many nots", strings.Repeat("!", MaxDepth+1) + "ok", "column 101: the expression is more than 100 levels deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Parse(tt.text)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, %v", e, err)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestKeywordsAreDocumented holds that the page for users has every keyword.
func TestKeywordsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range Keywords() {
		if !strings.Contains(string(page), "`"+string(info.Keyword)) {
			t.Errorf("%s is missing", info.Keyword)
		}
	}
}
