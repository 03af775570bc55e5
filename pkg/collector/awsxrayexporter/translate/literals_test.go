package translate

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLiteralsAreQuoted: documents are rendered quoted, so a literal with JSON
// in it, which is a raw string, has \" for a quote.
func TestLiteralsAreQuoted(t *testing.T) {
	plain := regexp.MustCompile("(^|[^\\\\])\"")
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := goparser.ParseFile(files, name, nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && l.Value[0] == '`' && plain.MatchString(l.Value) {
				t.Errorf("%s: %s has a quote without a backslash", files.Position(l.Pos()), l.Value)
			}
			return true
		})
	}
}
