package filtertest

import "testing"

func TestEvaluator(t *testing.T) {
	questions := Run(t, func(*testing.T) Backend { return Evaluator() })
	if questions < 150 {
		t.Errorf("only %d questions", questions)
	}
	t.Log(questions, "questions")
}

func TestScriptErrors(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"unknown command", "lod x", `line 1: unknown command "lod"`},
		{"expect without eval", "expect nothing", "line 1: expect comes after eval"},
		{"document without load", "clear\n  {}", "line 2: a document comes after load"},
		{"nothing expected", "eval filter `ok`\nexpect", `line 2: expect: names of traces, "nothing" or "error" should follow`},
		{"no expression", "eval filter ok", "line 1: invalid syntax"},
		{"one time", "eval started 1 filter `ok`", "line 1: started: two times should follow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parse(tt.script); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
