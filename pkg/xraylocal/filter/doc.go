// Package filter is the language of X-Ray's filter expressions, such as
//
//	service("api.example.com") { fault OR responsetime > 2.5 } AND annotation.plan = "gold"
//
// Parse makes the syntax tree of an expression, String writes it back, Expand
// puts the expressions of groups in, and Complete says what can come next while
// somebody types. What an expression means is in package eval, which asks it
// about a trace; the tree is made so that others can read it too: a planner that
// writes SQL, a console that builds expressions by clicks.
//
// The language is that of
// https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html.
// Its complete grammar, in the EBNF of ISO 14977 with white space between
// tokens left out:
//
//	expression = [ or ] ;                             (* empty: every trace *)
//	or         = and , { OR , and } ;
//	and        = unary , { [ AND ] , unary } ;        (* AND may be left out *)
//	unary      = "!" , unary | primary ;
//	primary    = "(" , or , ")" | predicate ;
//	predicate  = comparison | field | service | edge | rootcause | json | group ;
//
//	comparison = field , operator , value ;
//	operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
//	           | CONTAINS | BEGINSWITH | ENDSWITH ;
//	field      = keyword | annotation ;
//	keyword    = "ok" | "error" | "throttle" | "fault" | "partial" | "inferred"
//	           | "first" | "last" | "remote" | "root"
//	           | "responsetime" | "duration" | "http.status" | "index" | "coverage"
//	           | "http.url" | "http.method" | "http.useragent" | "http.clientip"
//	           | "user" | "name" | "type" | "message" | "availabilityzone"
//	           | "instance.id" | "resource.arn" | "account.id" ;
//	annotation = "annotation" , ( "." , identifier | "[" , key , "]" ) ;
//	key        = string | ( character - ( "]" | '"' ) ) , { character - "]" } ;
//
//	service    = "service" , "(" , [ selector ] , ")" , [ block ] ;
//	edge       = "edge" , "(" , selector , "," , selector , ")" , [ block ] ;
//	selector   = string | "id" , "(" , [ part , { "," , part } ] , ")" ;
//	part       = ( "name" | "type" | "account.id" ) , ":" , string ;
//	block      = "{" , or , "}" ;
//
//	rootcause  = "rootcause" , "." , ( "fault" | "error" ) , "."
//	             , ( "service" | "entity" | "exception" ) , block
//	           | "rootcause" , "." , "responsetime" , "."
//	             , ( "service" | "entity" ) , block ;
//	json       = "rootcause.json" , ( "=" | "!=" ) , "#" , array ;
//	array      = "[" , object , { "," , object } , "]" ;   (* JSON, RFC 8259 *)
//	group      = ( "group.name" | "group.arn" ) , ( "=" | "!=" ) , string ;
//
//	value      = string | number | "true" | "false" | word ;
//	string     = '"' , { character - ( '"' | "\" ) | '\"' | "\\" | "\" , character } , '"' ;
//	number     = [ "+" | "-" ] , ( digit , { digit } , [ "." , { digit } ] | "." , digit , { digit } )
//	           , [ ( "e" | "E" ) , [ "+" | "-" ] , digit , { digit } ] ;
//	word       = ( letter | "_" ) , { letter | digit | "_" | "." | "-" } ;   (* not AND, OR *)
//	identifier = ( letter | digit | "_" ) , { letter | digit | "_" } ;
//
// Everything but strings and keys of annotations may be written in any case of
// letters. In a string, a backslash stands for itself unless a quotation mark
// or another backslash follows. "!" binds tighter than AND, AND tighter than OR.
//
// Which keywords can stand where is a matter of scopes: a block has its own
// (see Scope). An expression is at most MaxLength bytes long and MaxDepth levels
// deep, so that reading, printing and evaluating it are bounded too.
package filter
