package sampling

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	callTimeout  = 5 * time.Second
	maxAnswer    = 4 << 20 // bytes; 25 rules take about 25 KB
	maxPages     = 100
	maxDocuments = 25 // of one GetSamplingTargets call
)

// client calls the two operations of X-Ray that samplers need.
type client struct {
	http     *http.Client
	endpoint string // without a slash at the end
}

// rules calls GetSamplingRules until there is no next page.
// https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingRules.html
func (c *client) rules(ctx context.Context) (documents []ruleDocument, modified float64, err error) {
	var token *string
	for range maxPages {
		var page struct {
			NextToken           *string
			SamplingRuleRecords []struct {
				ModifiedAt   float64
				SamplingRule *ruleDocument
			}
		}
		if err := c.call(ctx, "/GetSamplingRules", map[string]*string{"NextToken": token}, &page); err != nil {
			return nil, 0, err
		}
		for _, record := range page.SamplingRuleRecords {
			modified = max(modified, record.ModifiedAt)
			if record.SamplingRule != nil {
				documents = append(documents, *record.SamplingRule)
			}
		}
		if token = page.NextToken; token == nil || *token == "" {
			return documents, modified, nil
		}
	}
	return nil, 0, fmt.Errorf("sampling rules on more than %d pages", maxPages)
}

// targetDocument is X-Ray's answer for one rule.
// https://docs.aws.amazon.com/xray/latest/api/API_SamplingTargetDocument.html
type targetDocument struct {
	RuleName          string
	FixedRate         *float64
	ReservoirQuota    *int64
	ReservoirQuotaTTL *float64 // seconds since the epoch
	Interval          *int64   // seconds
}

type targetsAnswer struct {
	LastRuleModification    float64
	SamplingTargetDocuments []targetDocument
	UnprocessedStatistics   []struct{ RuleName, ErrorCode, Message string }
}

// targets calls GetSamplingTargets with at most maxDocuments documents.
// https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html
func (c *client) targets(ctx context.Context, documents []statisticsDocument) (targetsAnswer, error) {
	var answer targetsAnswer
	request := map[string][]statisticsDocument{"SamplingStatisticsDocuments": documents}
	return answer, c.call(ctx, "/SamplingTargets", request, &answer)
}

func (c *client) call(ctx context.Context, path string, request, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", path, err)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s%s answered %s: %s", c.endpoint, path, response.Status, excerpt(content))
	case len(content) > maxAnswer:
		return fmt.Errorf("%s%s answered more than %d bytes", c.endpoint, path, maxAnswer)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return fmt.Errorf("decode the answer of %s%s: %w", c.endpoint, path, err)
	}
	return nil
}

// excerpt makes one short line of an answer that is an error.
func excerpt(content []byte) string {
	text := strings.Join(strings.Fields(string(content[:min(len(content), 300)])), " ")
	return strings.ToValidUTF8(text, "")
}
