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
var differences string

//go:embed differences_v1.txt
var differencesV1 string

// TestAPI compares the exported declarations of the X-Ray SDK with those here:
// every difference must be in a file, with a reason, and everything there must
// be one. The functions of package awsv1 are version 1's of package xray.
func TestAPI(t *testing.T) {
	here := listing(t, ours)
	withAWS := map[string]bool{}
	for d := range here {
		withAWS[strings.Replace(d, "awsv1: func AWS", "xray: func AWS", 1)] = true
	}
	t.Run("v2.0.1", func(t *testing.T) {
		compare(t, listing(t, original), here, "differences.txt", differences)
	})
	t.Run("v1.8.5", func(t *testing.T) {
		compare(t, listing(t, strings.TrimSuffix(original, "/v2")), withAWS, "differences_v1.txt", differencesV1)
	})
}

func compare(t *testing.T, theirs, here map[string]bool, file, differences string) {
	found := map[string]bool{} // by declaration that is explained
	for line := range strings.Lines(differences) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		declaration, reason, _ := strings.Cut(line, " -- ")
		if reason == "" {
			t.Errorf("%s: %s has no reason", file, declaration)
		}
		found[declaration] = false
	}
	for _, d := range difference("- ", theirs, here) {
		if _, ok := found[d]; !ok {
			t.Error(d)
		}
		found[d] = true
	}
	for _, d := range difference("+ ", here, theirs) {
		if !explain(found, d) {
			t.Error(d)
		}
	}
	for d, ok := range found {
		if !ok {
			t.Errorf("%s: %s is no difference", file, d)
		}
	}
	if len(theirs) < 390 {
		t.Errorf("only %d declarations of the X-Ray SDK found", len(theirs))
	}
}

func difference(sign string, declarations, others map[string]bool) (list []string) {
	for _, d := range slices.Sorted(maps.Keys(declarations)) {
		if !others[d] {
			list = append(list, sign+d)
		}
	}
	return list
}

// explain notes that what explains a declaration that is only here is one: it
// names the declaration, or its beginning and an asterisk.
func explain(found map[string]bool, declaration string) (ok bool) {
	for explained := range found {
		prefix, isPrefix := strings.CutSuffix(explained, "*")
		if explained == declaration || isPrefix && strings.HasPrefix(declaration, prefix) {
			found[explained], ok = true, true
		}
	}
	return ok
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
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.ID, e)
		}
		relative := strings.TrimPrefix(strings.TrimPrefix(p.PkgPath, module), "/")
		if strings.Contains(relative, "internal") || p.Name == "main" || strings.HasPrefix(relative, "shim") ||
			strings.HasPrefix(relative, "v2/") || strings.HasPrefix(relative, "sample-apps") || strings.HasPrefix(relative, "integration-tests") {
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
