package filter

// Equal reports whether two trees are the same but for positions.
func Equal(a, b Expr) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case Const:
		return a == b
	case *And:
		b, ok := b.(*And)
		return ok && equalTerms(a.Terms, b.Terms)
	case *Or:
		b, ok := b.(*Or)
		return ok && equalTerms(a.Terms, b.Terms)
	case *Not:
		b, ok := b.(*Not)
		return ok && Equal(a.Term, b.Term)
	case *Bare:
		b, ok := b.(*Bare)
		return ok && a.Field == b.Field
	case *Comparison:
		b, ok := b.(*Comparison)
		return ok && a.Field == b.Field && a.Op == b.Op && a.Value == b.Value
	default:
		return equalComplex(a, b)
	}
}

func equalTerms(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalComplex(a, b Expr) bool {
	switch a := a.(type) {
	case *Service:
		b, ok := b.(*Service)
		return ok && equalNodes(a.Node, b.Node) && Equal(a.Filter, b.Filter)
	case *Edge:
		b, ok := b.(*Edge)
		return ok && equalNodes(&a.Source, &b.Source) && equalNodes(&a.Destination, &b.Destination) &&
			Equal(a.Filter, b.Filter)
	case *RootCause:
		b, ok := b.(*RootCause)
		return ok && a.Cause == b.Cause && a.Of == b.Of && Equal(a.Filter, b.Filter)
	case *RootCauseJSON:
		b, ok := b.(*RootCauseJSON)
		return ok && a.Op == b.Op && a.Patterns == b.Patterns
	case *Group:
		b, ok := b.(*Group)
		return ok && a.By == b.By && a.Op == b.Op && a.Value == b.Value
	default:
		return false
	}
}

func equalNodes(a, b *Selector) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equalText(a.Name, b.Name) && equalText(a.Type, b.Type) && equalText(a.AccountID, b.AccountID)
}

func equalText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
