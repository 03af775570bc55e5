package redact

// Replacement takes the place of a value.
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/
const Replacement = "REDACTED"

// headers are the headers and fields of log records whose values are
// credentials, in lower case and without - and _.
var headers = set(
	"authorization", "proxyauthorization", "cookie", "cookie2", "setcookie", "setcookie2",
	"xapikey", "apikey", "xauthtoken", "xaccesstoken", "xamzsecuritytoken", "xamzncognitoaccesstoken",
	"xcsrftoken", "xxsrftoken", "csrftoken", "xsessiontoken", "xsessionid", "privatetoken", "jobtoken",
	"xamznoidcdata", "xamznoidcaccesstoken", "xgoogiapjwtassertion", "xforwardedaccesstoken", "xvaulttoken",
	"xlicensekey", "xinsertkey", "xquerykey", "xfunctionskey", "ocpapimsubscriptionkey", "xgithubtoken", "xgitlabtoken",
	"secwebsocketkey", "authenticationinfo", "dpop",
)

// linkHeaders are headers whose values are URLs.
var linkHeaders = set("referer", "location", "contentlocation", "xoriginalurl", "xrewriteurl", "xforwardeduri", "xoriginaluri", "link", "refresh")

// fields are what log records and attributes without a namespace call
// credentials, beside the headers.
var fields = set(
	"password", "passwd", "passphrase", "secret", "clientsecret", "secretkey", "secretaccesskey", "awssecretaccesskey", "awssessiontoken",
	"accesstoken", "refreshtoken", "idtoken", "authtoken", "bearertoken", "sessiontoken", "privatekey", "licensekey", "newreliclicensekey",
)

// parameters are those of queries and fragments whose values let whoever reads
// them in. The first four are OpenTelemetry's.
var parameters = set(
	"awsaccesskeyid", "signature", "sig", "xgoogsignature",
	"xamzsignature", "xamzcredential", "xamzsecuritytoken", "xgoogcredential", "googleaccessid",
	"accesstoken", "idtoken", "refreshtoken", "authtoken", "sessiontoken", "securitytoken", "csrftoken", "xsrftoken", "resettoken", "token", "jwt",
	"apikey", "xapikey", "key", "accesskey", "secretkey", "licensekey", "subscriptionkey", "functionkey",
	"password", "passwd", "pwd", "passphrase", "secret", "clientsecret", "clientassertion", "assertion", "samlresponse", "samlrequest",
	"code", "codeverifier", "auth", "authorization", "authkey", "otp",
	"session", "sessionid", "sid", "jsessionid", "phpsessid",
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// named are the rules of headers and of fields of log records by their names.
var named, namedFields = rulesByName()

func rulesByName() (header, field map[string]Rule) {
	header, field = map[string]Rule{}, map[string]Rule{}
	for name := range headers {
		header[name], field[name] = Secret, Secret
	}
	for name := range linkHeaders {
		header[name], field[name] = URL, URL
	}
	for name := range fields {
		field[name] = Secret
	}
	return header, field
}

// longest is more than the longest name of the sets.
const longest = 48

// fold writes name to buf in lower case and without - and _. A name that is
// longer than buf, and so not in any set, is "".
func fold(buf *[longest]byte, name string) []byte {
	n := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == '_':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if n == len(buf) {
			return nil
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

// in reports whether a set has the name, however it is written.
func in(s map[string]bool, name string) bool {
	var buf [longest]byte
	return s[string(fold(&buf, name))]
}
