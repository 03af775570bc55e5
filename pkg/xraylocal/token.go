package xraylocal

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// cookieName is the cookie that keeps the token in a browser.
const cookieName = "bragg_token"

// A token is what a caller has to know. It compares digests, in a time that
// tells nothing of the token or its length. The empty token is known to nobody.
type token struct {
	set    bool
	digest [sha256.Size]byte
}

func newToken(s string) token { return token{s != "", sha256.Sum256([]byte(s))} }

func (t token) is(s string) bool {
	digest := sha256.Sum256([]byte(s))
	return subtle.ConstantTimeCompare(t.digest[:], digest[:]) == 1 && t.set
}

// isIn reports whether a request carries the token in a header or cookie.
func (t token) isIn(r *http.Request) bool {
	authorization := r.Header.Get("Authorization")
	if scheme, rest, _ := strings.Cut(authorization, " "); strings.EqualFold(scheme, "Bearer") {
		return t.is(strings.TrimSpace(rest))
	}
	// The signature is not checked: there is no secret to check it with.
	if key, _ := api.CredentialScope(authorization); t.is(key) {
		return true
	}
	for _, c := range r.CookiesNamed(cookieName) {
		if value, err := url.QueryUnescape(c.Value); err == nil && t.is(value) {
			return true
		}
	}
	return false
}

// inQuery reports whether a page was asked for with ?token=, rightly.
func (t token) inQuery(r *http.Request) bool {
	return isGet(r) && t.is(r.URL.Query().Get("token"))
}

// toCookie gives the browser the token to keep, and sends it to the same page
// without the token in its address.
func (t token) toCookie(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: url.QueryEscape(query.Get("token")), Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	query.Del("token")
	page := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, `/\`), RawQuery: query.Encode()}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, page.String(), http.StatusSeeOther)
}
