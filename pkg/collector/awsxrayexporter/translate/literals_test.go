package translate

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// TestLiteralsAreQuoted: documents are rendered quoted, so a literal with JSON
// in it, which is a raw string, has \" for a quote.
func TestLiteralsAreQuoted(t *testing.T) {
	plain := regexp.MustCompile("(^|[^\\\\])\"")
	files := token.NewFileSet()
	packages, err := goparser.ParseDir(files, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(packages["translate"], func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && l.Value[0] == '`' && plain.MatchString(l.Value) {
			t.Errorf("%s: %s has a quote without a backslash", files.Position(l.Pos()), l.Value)
		}
		return true
	})
}
