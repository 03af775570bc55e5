package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
)

// A Scenario is what happens to a loan application. It travels with the
// application, and the service where it happens acts on it.
type Scenario string

// The scenarios, with the status that web answers with.
const (
	OK        Scenario = "ok"        // 201: decided, stored, documented
	Slow      Scenario = "slow"      // 201, but the credit model takes 300 to 1,200 ms
	ViaLegacy Scenario = "legacy"    // 201: scoring asks the credit bureau, which files a report in documents
	NotFound  Scenario = "not-found" // 404: the client is not on file
	Invalid   Scenario = "invalid"   // 400: web refuses the amount
	Fault     Scenario = "fault"     // 500: the credit model breaks in scoring
	Throttled Scenario = "throttled" // 429: DynamoDB refuses the write for its rate
	Outage    Scenario = "outage"    // 503: DynamoDB fails
)

// Scenarios returns all scenarios.
func Scenarios() []Scenario {
	return []Scenario{OK, Slow, ViaLegacy, NotFound, Invalid, Fault, Throttled, Outage}
}

// Status returns the HTTP status that web answers a request of the scenario with.
func (s Scenario) Status() int {
	switch s {
	case NotFound:
		return http.StatusNotFound
	case Invalid:
		return http.StatusBadRequest
	case Fault:
		return http.StatusInternalServerError
	case Throttled:
		return http.StatusTooManyRequests
	case Outage:
		return http.StatusServiceUnavailable
	}
	return http.StatusCreated
}

// mix is how many of 50 requests of the load are of each scenario. Each occurs.
var mix = map[Scenario]int{
	OK: 24, ViaLegacy: 11, Slow: 4, NotFound: 3, Invalid: 2, Fault: 3, Throttled: 2, Outage: 1,
}

// deal returns a shuffled round of the mix.
func deal(random *rand.Rand) []Scenario {
	var round []Scenario
	for _, s := range Scenarios() {
		for range mix[s] {
			round = append(round, s)
		}
	}
	random.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
	return round
}

// clients are the lenders whose applications the demo decides about, with what
// scoring has on file of them.
var clients = []struct {
	id     string
	name   string
	limit  int64 // of one loan, dollars
	rating int   // 300 to 850
}{
	{"enova", "Enova International", 60_000, 742},
	{"acme-lending", "Acme Lending", 25_000, 655},
	{"northwind", "Northwind Traders Finance", 90_000, 701},
	{"contoso-capital", "Contoso Capital", 40_000, 618},
}

// unlistedClient is on file nowhere.
const unlistedClient = "umbra-credit"

// RequestFor returns a request to web, whose base URL is given, that runs
// through the scenario. The caller may add headers, such as a trace header. The
// same number and scenario give the same request.
func RequestFor(ctx context.Context, webURL string, scenario Scenario, number int) (*http.Request, error) {
	client := clients[number%len(clients)]
	application := applyRequest{
		ClientID: client.id,
		Amount:   client.limit / 20 * int64(1+number%17),
		Scenario: scenario,
	}
	switch scenario {
	case NotFound:
		application.ClientID = unlistedClient
	case Invalid:
		application.Amount = -application.Amount
	}
	body, err := json.Marshal(application)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, webURL+"/apply", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "bragg-demo-load/"+version)
	return r, nil
}
