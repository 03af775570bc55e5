package filter

// Keyword is the name of a field, in lower case.
type Keyword string

// The keywords.
const (
	OK       Keyword = "ok"
	Error    Keyword = "error"
	Throttle Keyword = "throttle"
	Fault    Keyword = "fault"
	Partial  Keyword = "partial"
	Inferred Keyword = "inferred"
	First    Keyword = "first"
	Last     Keyword = "last"
	Remote   Keyword = "remote"
	Root     Keyword = "root"

	ResponseTime Keyword = "responsetime"
	Duration     Keyword = "duration"
	HTTPStatus   Keyword = "http.status"
	Index        Keyword = "index"
	Coverage     Keyword = "coverage"

	HTTPURL          Keyword = "http.url"
	HTTPMethod       Keyword = "http.method"
	HTTPUserAgent    Keyword = "http.useragent"
	HTTPClientIP     Keyword = "http.clientip"
	User             Keyword = "user"
	Name             Keyword = "name"
	Type             Keyword = "type"
	Message          Keyword = "message"
	AvailabilityZone Keyword = "availabilityzone"
	InstanceID       Keyword = "instance.id"
	ResourceARN      Keyword = "resource.arn"
	AccountID        Keyword = "account.id"

	Annotation Keyword = "annotation"
)

// A Scope is a place in an expression, which decides what keywords mean there.
// Scopes are bits, so that a set of them is one, too.
type Scope uint8

// The scopes: outside of all blocks, and in the blocks of service(), edge() and
// rootcause.
const (
	TraceScope          Scope = 1 << iota // of the trace, or of its root segment
	ServiceScope                          // of a segment of the node
	EdgeScope                             // of a call, as the caller saw it
	CauseServiceScope                     // of a service of a root cause
	CauseEntityScope                      // of an entity of a fault's or error's cause
	CoverageEntityScope                   // of an entity of a response time's cause
	CauseExceptionScope                   // of an exception of a fault's or error's cause
)

const (
	request  = TraceScope | ServiceScope | EdgeScope
	causes   = CauseServiceScope | entities | CauseExceptionScope
	entities = CauseEntityScope | CoverageEntityScope
)

// String returns where the scope is, as one reads it in a message.
func (s Scope) String() string {
	switch s {
	case TraceScope:
		return "outside of blocks"
	case ServiceScope:
		return "in service() { }"
	case EdgeScope:
		return "in edge() { }"
	case CauseServiceScope:
		return "in rootcause service { }"
	case CauseEntityScope:
		return "in rootcause fault or error entity { }"
	case CoverageEntityScope:
		return "in rootcause.responsetime.entity { }"
	case CauseExceptionScope:
		return "in rootcause exception { }"
	case causes:
		return "in the blocks of rootcause"
	default:
		return "elsewhere"
	}
}

// A KeywordInfo describes a keyword for those who write expressions.
type KeywordInfo struct {
	Keyword Keyword
	Kind    Kind
	Scopes  Scope // where it can be used
	Help    string
}

// Operators returns the operators that can match the keyword, in the order in
// which one would offer them.
func (k KeywordInfo) Operators() []Op { return operators[k.Kind] }

var operators = map[Kind][]Op{
	Bool:   {Equals, NotEquals},
	Number: {Equals, NotEquals, Less, LessOrEqual, Greater, GreaterOrEqual},
	String: {Equals, NotEquals, Contains, BeginsWith, EndsWith},
	AnyKind: {Equals, NotEquals, Less, LessOrEqual, Greater, GreaterOrEqual,
		Contains, BeginsWith, EndsWith},
}

// Keywords returns all keywords, the most used first. The slice is the caller's.
func Keywords() []KeywordInfo { return append([]KeywordInfo(nil), keywords...) }

var keywords = []KeywordInfo{
	{OK, Bool, request, "the response was no error, throttle or fault"},
	{Error, Bool, request, "the response was an error of the client's (4xx)"},
	{Fault, Bool, request, "the response was a fault of the service's (5xx)"},
	{Throttle, Bool, request, "the request was refused for its rate (429)"},
	{ResponseTime, Number, request, "seconds until the response was sent"},
	{Duration, Number, request, "seconds until all that belongs to the request had ended"},
	{HTTPURL, String, request, "URL of the request"},
	{HTTPStatus, Number, request, "status code of the response"},
	{HTTPMethod, String, request, "method of the request"},
	{HTTPUserAgent, String, request, "user agent of the client"},
	{HTTPClientIP, String, request, "IP address of the client"},
	{User, String, request, "user of any segment"},
	{Annotation, AnyKind, request, "value of an annotation of any segment: annotation.key or annotation[any key]"},
	{Partial, Bool, TraceScope | ServiceScope, "a segment's parent is missing"},
	{Inferred, Bool, TraceScope | ServiceScope | CauseServiceScope, "a service sent no segments itself"},
	{Root, Bool, TraceScope | ServiceScope | EdgeScope, "the segment is the root of the trace"},
	{AvailabilityZone, String, request, "availability zone of any segment"},
	{InstanceID, String, request, "EC2 instance id of any segment"},
	{ResourceARN, String, request, "ARN of a resource of any segment"},
	{AccountID, String, request | CauseServiceScope, "AWS account id"},
	{Name, String, request | causes, "name of the service, entity or exception type"},
	{Type, String, request | CauseServiceScope, "type of the service, such as AWS::Lambda::Function"},
	{Message, String, CauseExceptionScope, "message of the exception"},
	{First, Bool, causes, "the element is the first of its list"},
	{Last, Bool, causes, "the element is the last of its list"},
	{Index, Number, causes, "position in the list, the first is 0"},
	{Remote, Bool, entities, "the entity is a call to another service"},
	{Coverage, Number, CoverageEntityScope, "share of the root's response time, 0 to 1"},
}

var keywordTable = func() map[Keyword]KeywordInfo {
	table := make(map[Keyword]KeywordInfo, len(keywords))
	for _, info := range keywords {
		table[info.Keyword] = info
	}
	return table
}()

// Info describes the keyword. ok is false if there is none of this name.
func (k Keyword) Info() (info KeywordInfo, ok bool) {
	info, ok = keywordTable[k]
	return info, ok
}
