package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// policyStatements are those of a policy document of IAM, as far as they are
// looked at.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policyStatements []policyStatement

type policyStatement struct {
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       oneOrMany
	NotAction    oneOrMany
	Resource     oneOrMany
	NotResource  oneOrMany
	Condition    json.RawMessage
}

// oneOrMany is a string or a list of strings.
type oneOrMany []string

// UnmarshalJSON reads either.
func (s *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*s = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// parsePolicy checks that a document is a resource policy of X-Ray.
func parsePolicy(document string) (policyStatements, error) {
	var policy struct {
		Version   *string
		ID        *string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, errors.New("the document is not JSON, or not an object of a policy's members")
	}
	if policy.Version != nil && *policy.Version != "2012-10-17" && *policy.Version != "2008-10-17" {
		return nil, fmt.Errorf("member Version %q: there are 2012-10-17 and 2008-10-17", shorten(*policy.Version))
	}
	var statements policyStatements
	var one policyStatement
	if json.Unmarshal(policy.Statement, &statements) != nil {
		if json.Unmarshal(policy.Statement, &one) != nil {
			return nil, errors.New("member Statement is neither a statement nor a list of them")
		}
		statements = policyStatements{one}
	}
	if len(statements) == 0 {
		return nil, errors.New("member Statement is empty")
	}
	for i, s := range statements {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return statements, nil
}

func (s *policyStatement) check() error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("member Effect %q: there are Allow and Deny", shorten(s.Effect))
	case (s.Principal == nil) == (s.NotPrincipal == nil):
		return errors.New("it needs Principal or NotPrincipal")
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return errors.New("it needs Action or NotAction")
	case (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return errors.New("it needs Resource or NotResource")
	}
	for _, action := range append(s.Action, s.NotAction...) {
		if action != "*" && !strings.HasPrefix(strings.ToLower(action), "xray:") {
			return fmt.Errorf("member Action %q is not one of X-Ray", shorten(action))
		}
	}
	if s.Condition != nil {
		var operators map[string]map[string]any
		if json.Unmarshal(s.Condition, &operators) != nil {
			return errors.New("member Condition is not an object of operators, each with keys")
		}
	}
	return nil
}

// lockOut reports whether a policy would keep the account that puts it from
// putting another: a denial without conditions of PutResourcePolicy, to all or
// to this account.
func (s policyStatements) lockOut(account string) bool {
	for _, statement := range s {
		if statement.Effect == "Deny" && statement.Condition == nil && statement.denies(account) && statement.hasAction("xray:putresourcepolicy") {
			return true
		}
	}
	return false
}

func (s *policyStatement) hasAction(action string) bool {
	named := func(patterns []string) bool {
		for _, pattern := range patterns {
			if ok, err := path.Match(strings.ToLower(pattern), action); err == nil && ok {
				return true
			}
		}
		return false
	}
	if len(s.NotAction) > 0 {
		return !named(s.NotAction)
	}
	return named(s.Action)
}

// denies reports whether the account is among the principals.
func (s *policyStatement) denies(account string) bool {
	principal := s.Principal
	if principal == nil {
		principal = s.NotPrincipal
	}
	var all string
	var byKind map[string]oneOrMany
	_ = json.Unmarshal(principal, &all)
	_ = json.Unmarshal(principal, &byKind)
	named := all == "*"
	for _, id := range byKind["AWS"] {
		named = named || id == "*" || id == account || strings.HasPrefix(id, "arn:aws:iam::"+account+":")
	}
	return named == (s.Principal != nil)
}
