package filter

// An Expr is a node of the syntax tree: one of *And, *Or, *Not, *Bare,
// *Comparison, *Service, *Edge, *RootCause, *RootCauseJSON, *Group and *Const.
//
// Nodes are plain data. Whoever builds one may leave Pos 0. A tree that is not
// changed can be used from any number of goroutines.
type Expr interface {
	// String returns the node as an expression in its usual form: keywords in
	// lower case, operators in upper case, AND written out. Parse reads it as an
	// Equal node.
	String() string
	isExpr()
}

type (
	// And holds if all terms hold. It has two terms or more.
	And struct{ Terms []Expr }

	// Or holds if a term holds. It has two terms or more.
	Or struct{ Terms []Expr }

	// Not holds if its term does not.
	Not struct{ Term Expr }

	// Bare is a field alone: a boolean one that is true, another that is set.
	Bare struct {
		Field
		Pos int // offset in the expression, in bytes
	}

	// Comparison is a field and what it is compared with. The operator is one
	// of the keyword's (see KeywordInfo.Operators), the value may be of any
	// kind: one of another kind than the field's matches nothing.
	Comparison struct {
		Field
		Op    Op
		Value Value
		Pos   int // offset in the expression, in bytes
	}

	// Service holds if a node of the trace is selected and, where there is a
	// filter, one of its requests matches it.
	Service struct {
		Node   *Selector // nil: any node
		Filter Expr      // in ServiceScope; nil: the node is there
		Pos    int
	}

	// Edge holds if a selected node called another and, where there is a
	// filter, one of the calls matches it.
	Edge struct {
		Source, Destination Selector
		Filter              Expr // in EdgeScope; nil: the edge is there
		Pos                 int
	}

	// RootCause holds if an element of the list that Of names, of a root cause
	// of the kind Cause, matches the filter.
	RootCause struct {
		Cause  Cause
		Of     Element
		Filter Expr // in the scope that Scope returns
		Pos    int
	}

	// RootCauseJSON compares root causes of all kinds with patterns in the form
	// of the API's FaultRootCause, ErrorRootCause and ResponseTimeRootCause.
	RootCauseJSON struct {
		Op       Op     // Equals or NotEquals
		Patterns string // a JSON array of objects, compact
		Pos      int
	}

	// Group stands for the expression of a group, which Expand puts in.
	Group struct {
		By    GroupKey
		Op    Op // Equals or NotEquals
		Value string
		Pos   int
	}

	// Const is always true or always false. Parse makes the true one of an
	// empty expression; else only Expand makes it.
	Const bool
)

func (*And) isExpr()           {}
func (*Or) isExpr()            {}
func (*Not) isExpr()           {}
func (*Bare) isExpr()          {}
func (*Comparison) isExpr()    {}
func (*Service) isExpr()       {}
func (*Edge) isExpr()          {}
func (*RootCause) isExpr()     {}
func (*RootCauseJSON) isExpr() {}
func (*Group) isExpr()         {}
func (Const) isExpr()          {}

// A Field is what can be compared: a keyword, or an annotation with a key.
type Field struct {
	Keyword Keyword
	Key     string // of an annotation; else ""
}

// A Selector selects nodes by what is given of it.
type Selector struct {
	Name, Type, AccountID *string // nil: whatever it is
}

// Op is an operator, in the form in which it is printed.
type Op string

// The operators. Equals and NotEquals compare values of any kind, the next four
// numbers, the last three strings.
const (
	Equals         Op = "="
	NotEquals      Op = "!="
	Less           Op = "<"
	LessOrEqual    Op = "<="
	Greater        Op = ">"
	GreaterOrEqual Op = ">="
	Contains       Op = "CONTAINS"
	BeginsWith     Op = "BEGINSWITH"
	EndsWith       Op = "ENDSWITH"
)

// A Kind is a kind of value. A keyword has one; an annotation has the kind of
// the value that was sent.
type Kind int

// The kinds.
const (
	AnyKind Kind = iota // only of the keyword Annotation
	Bool
	Number
	String
)

// A Value is what a field is compared with. The member of its kind is set.
type Value struct {
	Kind   Kind // Bool, Number or String
	Bool   bool
	Number float64 // finite
	Text   string
}

// Cause is a kind of root cause.
type Cause string

// The kinds of root causes.
const (
	FaultCause        Cause = "fault"
	ErrorCause        Cause = "error"
	ResponseTimeCause Cause = "responsetime"
)

// Element is a list in a root cause.
type Element string

// The lists: services in order from the root; the entities of one service's path,
// in order; the exceptions of one entity, which ResponseTimeCause lacks.
const (
	ServiceElement   Element = "service"
	EntityElement    Element = "entity"
	ExceptionElement Element = "exception"
)

// GroupKey is how a group is named.
type GroupKey string

// The ways to name a group.
const (
	GroupName GroupKey = "group.name"
	GroupARN  GroupKey = "group.arn"
)

// Scope returns the scope of the filter in the block.
func (r *RootCause) Scope() Scope {
	switch {
	case r.Of == ServiceElement:
		return CauseServiceScope
	case r.Of == ExceptionElement:
		return CauseExceptionScope
	case r.Cause == ResponseTimeCause:
		return CoverageEntityScope
	default:
		return CauseEntityScope
	}
}
