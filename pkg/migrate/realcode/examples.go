package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sdks are the versions of the X-Ray SDK whose README has examples.
var sdks = []string{"github.com/aws/aws-xray-sdk-go@v1.8.5", "github.com/aws/aws-xray-sdk-go/v2@v2.0.1"}

// examples are the X-Ray SDK's own: the Go code of its README that uses it, each
// block made a program.
func examples(ctx context.Context) (all []code) {
	for _, sdk := range sdks {
		module, version, _ := strings.Cut(sdk, "@")
		dir, err := moduleDir(ctx, sdk)
		if err != nil {
			all = append(all, code{name: sdk, lay: func(context.Context, string) error { return err }})
			continue
		}
		readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			all = append(all, code{name: sdk, lay: func(context.Context, string) error { return err }})
			continue
		}
		heading := ""
		for i, part := range strings.Split(string(readme), "```") {
			if block, isGo := strings.CutPrefix(part, "go\n"); i%2 == 1 && isGo && strings.Contains(block, "xray.") {
				all = append(all, example(module, version, heading, block))
			}
			for line := range strings.Lines(part) {
				if strings.HasPrefix(line, "**") && i%2 == 0 {
					heading = strings.Trim(strings.TrimSpace(line), "*")
				}
			}
		}
	}
	return all
}

func example(module, version, heading, block string) code {
	return code{
		name: "README of " + filepath.Base(module) + " " + version + ": " + heading, packages: []string{"."},
		lay: func(ctx context.Context, dir string) error {
			text, err := program(block, module)
			if err != nil {
				return err
			}
			mod := fmt.Sprintf("module example.com/readme\n\ngo 1.26.0\n\nrequire (\n\t%s %s\n\tgithub.com/aws/aws-sdk-go v1.55.8\n\tgolang.org/x/net v0.59.0\n)\n", module, version)
			for name, content := range map[string]string{"main.go": text, "go.mod": mod} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					return err
				}
			}
			if err := command(ctx, dir, "go", "mod", "tidy"); err != nil {
				return err
			}
			return commit(ctx, dir)
		},
	}
}

// program completes a block: package, imports, main, a context, and a use of what
// it leaves without one. That is what its reader does.
func program(block, module string) (string, error) {
	var last error
	for _, frame := range []string{
		"%s",
		"package main\n\n%s\n\nfunc main() {}\n",
		"package main\n\n%s\n",
		"package main\n\nfunc main() {\n\tctx := context.Background()\n\t_ = ctx\n%s\n}\n",
	} {
		text := fmt.Sprintf(frame, block)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "main.go", text, parser.ParseComments)
		if err != nil {
			last = err
			continue
		}
		if hasTwoMains(file) || !hasMain(file) {
			continue
		}
		if len(file.Imports) == 0 {
			text = strings.Replace(text, "package main\n", "package main\n"+imports(file, module), 1)
		}
		text = strings.NewReplacer("subCtx, ", "_, ", "row, err :=", "_, err =", "row, _ :=", "_, _ =").Replace(text)
		out, err := format.Source([]byte(text))
		return string(out), err
	}
	return "", fmt.Errorf("no program can be made of it: %w", last)
}

func mains(file *ast.File) (n int) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
			n++
		}
	}
	return n
}

func hasMain(file *ast.File) bool     { return mains(file) > 0 }
func hasTwoMains(file *ast.File) bool { return mains(file) > 1 }

// imports are those of the packages that a file names.
func imports(file *ast.File, module string) string {
	known := map[string]string{
		"context": "context", "http": "net/http", "os": "os", "fmt": "fmt", "ioutil": "io/ioutil", "log": "log",
		"xray": module + "/xray", "xraylog": module + "/xraylog", "ec2": module + "/awsplugins/ec2",
		"session": "github.com/aws/aws-sdk-go/aws/session", "dynamodb": "github.com/aws/aws-sdk-go/service/dynamodb",
		"aws": "github.com/aws/aws-sdk-go/aws", "ctxhttp": "golang.org/x/net/context/ctxhttp",
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && known[id.Name] != "" {
				used[known[id.Name]] = true
			}
		}
		return true
	})
	var b strings.Builder
	b.WriteString("\nimport (\n")
	for _, path := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&b, "\t%q\n", path)
	}
	return b.String() + ")\n"
}
