package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

//go:embed differences.txt
var differencesText string

// TestAPI compares the exported declarations of the X-Ray SDK with those here:
// every difference must be in differences.txt, with a reason, and everything
// there must be one.
func TestAPI(t *testing.T) {
	theirs, here := listing(t, original), listing(t, ours)
	explained := map[string]bool{}
	for line := range strings.Lines(differencesText) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		declaration, reason, _ := strings.Cut(line, " -- ")
		if reason == "" {
			t.Errorf("differences.txt: %s has no reason", declaration)
		}
		explained[declaration] = false
	}
	var unexplained []string
	check := func(sign string, declarations, others map[string]bool) {
		for d := range declarations {
			if others[d] {
				continue
			}
			if _, ok := explained[sign+d]; ok {
				explained[sign+d] = true
			} else {
				unexplained = append(unexplained, sign+d)
			}
		}
	}
	check("- ", theirs, here)
	check("+ ", here, theirs)
	slices.Sort(unexplained)
	for _, d := range unexplained {
		t.Errorf("%s", d)
	}
	for d, found := range explained {
		if !found {
			t.Errorf("differences.txt: %s is no difference", d)
		}
	}
	if len(theirs) < 400 {
		t.Errorf("only %d declarations of the X-Ray SDK found", len(theirs))
	}
}

// listing is the exported declarations of a module's packages, one each: also
// fields with their tags, and methods.
func listing(t *testing.T, module string) map[string]bool {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports}, module+"/...")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]bool{}
	for _, p := range loaded {
		relative := strings.TrimPrefix(strings.TrimPrefix(p.PkgPath, module), "/")
		if strings.Contains(relative, "internal") || p.Name == "main" || strings.HasPrefix(relative, "shim") ||
			strings.HasPrefix(relative, "sample-apps") || strings.HasPrefix(relative, "integration-tests") {
			continue
		}
		// Names of packages without the module, so that both modules' are the same.
		qualify := func(other *types.Package) string {
			return strings.TrimPrefix(strings.TrimPrefix(other.Path(), module), "/")
		}
		for _, name := range p.Types.Scope().Names() {
			if o := p.Types.Scope().Lookup(name); o.Exported() {
				maps.Copy(list, describe(relative, o, qualify))
			}
		}
	}
	return list
}

func describe(relative string, o types.Object, qualify types.Qualifier) map[string]bool {
	list := map[string]bool{}
	add := func(format string, args ...any) { list[relative+": "+fmt.Sprintf(format, args...)] = true }
	switch o := o.(type) {
	case *types.Const:
		value := o.Val().ExactString()
		add("const %s %s = %s", o.Name(), types.TypeString(o.Type(), qualify), value)
	case *types.Var:
		add("var %s %s", o.Name(), types.TypeString(o.Type(), qualify))
	case *types.Func:
		add("func %s%s", o.Name(), signature(o.Signature(), qualify))
	case *types.TypeName:
		describeType(add, o, qualify)
	}
	return list
}

func describeType(add func(string, ...any), o *types.TypeName, qualify types.Qualifier) {
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		add("type %s struct", o.Name())
		for i := range u.NumFields() {
			if f := u.Field(i); f.Exported() {
				add("%s.%s %s `%s`", o.Name(), f.Name(), types.TypeString(f.Type(), qualify), u.Tag(i))
			}
		}
	case *types.Interface:
		add("type %s interface", o.Name())
		for m := range u.Methods() {
			add("%s.%s%s", o.Name(), m.Name(), signature(m.Signature(), qualify))
		}
		return
	default:
		add("type %s %s", o.Name(), types.TypeString(u, qualify))
	}
	methods := types.NewMethodSet(types.NewPointer(o.Type()))
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			add("(%s).%s%s", o.Name(), m.Obj().Name(), signature(m.Obj().(*types.Func).Signature(), qualify))
		}
	}
}

// signature has no names of parameters.
func signature(s *types.Signature, qualify types.Qualifier) string {
	unnamed := func(t *types.Tuple) *types.Tuple {
		vars := make([]*types.Var, t.Len())
		for i := range vars {
			vars[i] = types.NewParam(0, nil, "", t.At(i).Type())
		}
		return types.NewTuple(vars...)
	}
	plain := types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic())
	return strings.TrimPrefix(types.TypeString(plain, qualify), "func")
}
