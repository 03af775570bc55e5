package sampling

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

var stableServer = []attribute.KeyValue{
	attribute.String("http.request.method", "GET"), attribute.String("server.address", "shop.example.com"),
	attribute.String("url.path", "/cart/1"), attribute.String("tenant", "blue"), attribute.Int("shard", 7), attribute.Bool("beta", true),
}

func TestRequestFromAttributes(t *testing.T) {
	str := attribute.String
	tests := []struct {
		name  string
		attrs []attribute.KeyValue
		want  Request
	}{
		{"stable server", stableServer, Request{Method: "GET", Host: "shop.example.com", Path: "/cart/1"}},
		{"stable client", []attribute.KeyValue{str("http.request.method", "PUT"), str("url.full", "https://u:p@api.example.com:8443/v1/x?q=/y#z")},
			Request{Method: "PUT", Host: "api.example.com:8443", Path: "/v1/x"}},
		{"old server", []attribute.KeyValue{str("http.method", "GET"), str("http.host", "shop.example.com:80"), str("http.target", "/cart/1?q=1")},
			Request{Method: "GET", Host: "shop.example.com:80", Path: "/cart/1"}},
		{"old server without a Host header", []attribute.KeyValue{str("net.host.name", "shop"), str("http.target", "/")}, Request{Host: "shop", Path: "/"}},
		{"old client", []attribute.KeyValue{str("http.method", "GET"), str("http.url", "http://api.example.com")},
			Request{Method: "GET", Host: "api.example.com", Path: "/"}},
		{"both, stable first", []attribute.KeyValue{str("url.path", "/new"), str("http.target", "/old"), str("http.method", "OLD"), str("http.request.method", "NEW")},
			Request{Method: "NEW", Path: "/new"}},
		{"no HTTP", []attribute.KeyValue{str("db.system", "mysql")}, Request{}},
		{"of another type", []attribute.KeyValue{attribute.Int("url.path", 1)}, Request{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got Request
			got.setAttributes(tt.attrs)
			if got.Method != tt.want.Method || got.Host != tt.want.Host || got.Path != tt.want.Path {
				t.Errorf("method %q, host %q, path %q; want %q, %q, %q", got.Method, got.Host, got.Path, tt.want.Method, tt.want.Host, tt.want.Path)
			}
		})
	}
}

func TestRuleMatches(t *testing.T) {
	service := serviceOf(resource.NewSchemaless(
		attribute.String("service.name", "Shop"), attribute.String("cloud.platform", "aws_ecs"),
		attribute.String("aws.ecs.container.arn", "arn:aws:ecs:eu-west-1:1:container/c/t/1")))
	all := func(change func(*ruleDocument)) ruleDocument {
		d := ruleDocument{RuleName: "r", Version: 1, ServiceName: "*", ServiceType: "*", ResourceARN: "*", Host: "*", HTTPMethod: "*", URLPath: "*"}
		change(&d)
		return d
	}
	tests := []struct {
		name   string
		change func(*ruleDocument)
		want   bool
	}{
		{"everything", func(*ruleDocument) {}, true},
		{"service name", func(d *ruleDocument) { d.ServiceName = "sh?p" }, true},
		{"another service", func(d *ruleDocument) { d.ServiceName = "basket" }, false},
		{"service type", func(d *ruleDocument) { d.ServiceType = "AWS::ECS::Container" }, true},
		{"another service type", func(d *ruleDocument) { d.ServiceType = "AWS::Lambda::Function" }, false},
		{"ARN", func(d *ruleDocument) { d.ResourceARN = "arn:aws:ecs:*:container/*" }, true},
		{"another ARN", func(d *ruleDocument) { d.ResourceARN = "arn:aws:lambda:*" }, false},
		{"host", func(d *ruleDocument) { d.Host = "*.example.com" }, true},
		{"another host", func(d *ruleDocument) { d.Host = "example.com" }, false},
		{"method", func(d *ruleDocument) { d.HTTPMethod = "get" }, true},
		{"another method", func(d *ruleDocument) { d.HTTPMethod = "POST" }, false},
		{"path", func(d *ruleDocument) { d.URLPath = "/cart/*" }, true},
		{"another path", func(d *ruleDocument) { d.URLPath = "/cart/2" }, false},
		{"attribute", func(d *ruleDocument) { d.Attributes = map[string]string{"tenant": "b*"} }, true},
		{"attributes of all types", func(d *ruleDocument) {
			d.Attributes = map[string]string{"tenant": "blue", "shard": "7", "beta": "true"}
		}, true},
		{"one attribute differs", func(d *ruleDocument) { d.Attributes = map[string]string{"tenant": "blue", "shard": "8"} }, false},
		{"attribute missing", func(d *ruleDocument) { d.Attributes = map[string]string{"other": "*"} }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := service
			r.setAttributes(stableServer)
			for name, own := range map[string]Request{"own service": service, "another service": {}} {
				set, errs := newRuleSet([]ruleDocument{all(tt.change)}, nil, own)
				if got := set.match(&r) != nil; got != tt.want || errs != nil {
					t.Errorf("%s: matches: %t, want %t; %v", name, got, tt.want, errs)
				}
			}
		})
	}
}

func TestMissingFields(t *testing.T) {
	set, _ := newRuleSet([]ruleDocument{{RuleName: "r", Version: 1, ServiceName: "shop", ServiceType: "*", ResourceARN: "*", Host: "*", HTTPMethod: "GET", URLPath: "/cart"}}, nil, Request{})
	if set.match(&Request{ServiceName: "shop"}) != nil {
		t.Error("a request without path matched a rule for a path")
	}
	if set.match(&Request{ServiceName: "shop", Partial: true}) == nil {
		t.Error("a partial request did not match")
	}
	if set.match(&Request{ServiceName: "basket", Partial: true}) != nil {
		t.Error("a partial request of another service matched")
	}
}

// TestOrder has more rules than one index holds.
func TestOrder(t *testing.T) {
	var documents []ruleDocument
	for i := range 150 {
		documents = append(documents, ruleDocument{RuleName: fmt.Sprintf("r%03d", i), Version: 1, Priority: int64(150 - i/2), URLPath: fmt.Sprintf("/%d*", i),
			ServiceName: "*", ServiceType: "*", ResourceARN: "*", Host: "*", HTTPMethod: "*"})
	}
	set, _ := newRuleSet(documents, nil, Request{})
	for path, want := range map[string]string{"/149": "r149", "/13": "r013", "/14": "r014", "/148": "r148", "/1": "r001", "/2x": "r002"} {
		if r := set.match(&Request{Path: path}); r == nil || r.name != want {
			t.Errorf("%s: %v, want %s", path, r, want)
		}
	}
	if set.match(&Request{Path: "/x"}) != nil {
		t.Error("matched no rule's path")
	}
	same, _ := newRuleSet([]ruleDocument{
		{RuleName: "b", Version: 1, Priority: 1, ServiceName: "*", ServiceType: "*", ResourceARN: "*", Host: "*", HTTPMethod: "*", URLPath: "*"},
		{RuleName: "a", Version: 1, Priority: 1, ServiceName: "*", ServiceType: "*", ResourceARN: "*", Host: "*", HTTPMethod: "*", URLPath: "*"},
	}, nil, Request{})
	if r := same.match(&Request{}); r.name != "a" {
		t.Errorf("of the same priority %s won, want the first by name", r.name)
	}
}

func TestUnusableRules(t *testing.T) {
	documents := []ruleDocument{
		{Version: 1}, {RuleName: "v2", Version: 2}, {RuleName: "rate", Version: 1, FixedRate: 1.5}, {RuleName: "size", Version: 1, ReservoirSize: -1},
		{RuleName: "good", Version: 1},
	}
	set, errs := newRuleSet(documents, nil, Request{})
	if len(errs) != 4 || len(set.rules) != 1 || set.rules[0].name != "good" {
		t.Errorf("%d rules, errors %v", len(set.rules), errs)
	}
}

func TestServiceType(t *testing.T) {
	for platform, want := range map[string]string{
		"aws_ecs": "AWS::ECS::Container", "aws_eks": "AWS::EKS::Container", "aws_ec2": "AWS::EC2::Instance",
		"aws_lambda": "AWS::Lambda::Function", "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment", "gcp_cloud_run": "", "": "",
	} {
		if got := ServiceType(resource.NewSchemaless(attribute.String("cloud.platform", platform))); got != want {
			t.Errorf("%s: %q, want %q", platform, got, want)
		}
	}
}
