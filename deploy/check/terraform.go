package check

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Terraform checks the files of one module, by their names: HCL's syntax, the
// format of `terraform fmt`, and that every reference leads somewhere. Which
// arguments and attributes a provider's resources have is unknown here: that
// takes the provider.
func Terraform(files map[string][]byte) (problems []string) {
	m := &terraformModule{declared: map[string]bool{}, used: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if formatted := hclwrite.Format(files[name]); !bytes.Equal(formatted, files[name]) {
			problems = append(problems, name+": not in the format of `terraform fmt`")
		}
		file, diagnostics := hclsyntax.ParseConfig(files[name], name, hcl.InitialPos)
		if diagnostics.HasErrors() {
			problems = append(problems, diagnostics.Error())
			continue
		}
		m.declare(file.Body.(*hclsyntax.Body))
		m.bodies = append(m.bodies, file.Body.(*hclsyntax.Body))
	}
	problems = append(problems, m.problems...)
	for _, body := range m.bodies {
		problems = append(problems, m.references(body, nil)...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.declared)) {
		kind := hclKind(name)
		if (kind == "var" || kind == "local" || kind == "data") && !m.used[name] {
			problems = append(problems, name+" is used nowhere")
		}
	}
	return problems
}

type terraformModule struct {
	bodies   []*hclsyntax.Body
	declared map[string]bool // "var.x", "local.x", "data.type.x", "type.x", "module.x"
	used     map[string]bool
	problems []string
}

func hclKind(name string) string { before, _, _ := cut(name); return before }

func cut(name string) (before, after string, ok bool) {
	if i := slices.Index([]byte(name), '.'); i >= 0 {
		return name[:i], name[i+1:], true
	}
	return name, "", false
}

// labelCount is how many names a block of a module has.
var labelCount = map[string]int{
	"terraform": 0, "locals": 0, "variable": 1, "output": 1, "provider": 1, "module": 1, "resource": 2, "data": 2, "moved": 0, "check": 1, "import": 0, "removed": 0,
}

func (m *terraformModule) declare(body *hclsyntax.Body) {
	for _, a := range body.Attributes {
		m.problems = append(m.problems, fmt.Sprintf("%s: a module has no argument %s", a.Range(), a.Name))
	}
	for _, b := range body.Blocks {
		labels, known := labelCount[b.Type]
		if !known || len(b.Labels) != labels {
			m.problems = append(m.problems, fmt.Sprintf("%s: a module has no block %s %q", b.Range(), b.Type, b.Labels))
			continue
		}
		var names []string
		switch b.Type {
		case "variable":
			names = []string{"var." + b.Labels[0]}
		case "locals":
			for name := range b.Body.Attributes {
				names = append(names, "local."+name)
			}
		case "module":
			names = []string{"module." + b.Labels[0]}
		case "data":
			names = []string{"data." + b.Labels[0] + "." + b.Labels[1]}
		case "resource":
			names = []string{b.Labels[0] + "." + b.Labels[1]}
		}
		for _, name := range names {
			if m.declared[name] {
				m.problems = append(m.problems, fmt.Sprintf("%s: %s is declared twice", b.Range(), name))
			}
			m.declared[name] = true
		}
	}
}

// references checks every traversal below a body; own are names of dynamic
// blocks around it.
func (m *terraformModule) references(body *hclsyntax.Body, own []string) (problems []string) {
	for _, a := range body.Attributes {
		for _, traversal := range a.Expr.Variables() {
			if problem := m.resolve(traversal, own); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	for _, b := range body.Blocks {
		inner := own
		if b.Type == "dynamic" {
			inner = append(slices.Clone(own), b.Labels[0])
		}
		problems = append(problems, m.references(b.Body, inner)...)
	}
	return problems
}

func (m *terraformModule) resolve(t hcl.Traversal, own []string) string {
	var parts []string
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, step.Name)
		case hcl.TraverseAttr:
			parts = append(parts, step.Name)
		}
	}
	length := 2
	switch parts[0] {
	case "path", "each", "count", "self", "terraform":
		return ""
	case "data":
		length = 3
	}
	// Types of variables and providers look like references: string, aws.
	if slices.Contains(own, parts[0]) || slices.Contains([]string{"string", "number", "bool", "any"}, parts[0]) && len(parts) == 1 {
		return ""
	}
	name := ""
	for i := range min(length, len(parts)) {
		name += "." + parts[i]
	}
	if name = name[1:]; !m.declared[name] {
		return fmt.Sprintf("%s: %s is declared nowhere", t.SourceRange(), name)
	}
	m.used[name] = true
	return ""
}
