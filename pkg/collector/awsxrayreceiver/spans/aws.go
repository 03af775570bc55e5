package spans

import "go.opentelemetry.io/collector/pdata/pcommon"

// onResource are the members of aws that a segment's resource tells.
var onResource = map[string]bool{
	"cloudwatch_logs": true, "ec2": true, "ecs": true, "eks": true, "elastic_beanstalk": true,
}

// fillAWS tells which call of AWS a subsegment was, and what else its SDK
// noted. The blocks of a segment's resource are not repeated.
func fillAWS(to pcommon.Map, aws object, isSegment bool) {
	p := putter{aws, to}
	for _, key := range aws.keys() {
		switch key {
		case "account_id":
			p.str(key, awsAccount)
		case "operation":
			p.str(key, awsOperation)
		case "region":
			p.str(key, awsRegion)
		case "request_id":
			p.str(key, awsRequestID)
		case "queue_url":
			p.str(key, awsQueueURL)
		case "table_name":
			p.str(key, awsTableName)
		case "table_names":
			p.any(key, "aws.dynamodb.table_names")
		case "retries":
			p.integer(key, retries)
		case "xray":
			fillSDKDetails(to, aws.object(key))
		default:
			if !isSegment || !onResource[key] {
				p.any(key, awsPrefix+key)
			}
		}
	}
}

// fillSDKDetails keeps what the SDK says of itself and of the sampling, beside
// its name and version, which the resource has.
func fillSDKDetails(to pcommon.Map, sdk object) {
	for _, key := range sdk.keys() {
		if key != "sdk" && key != "sdk_version" {
			putter{sdk, to}.any(key, sdkPrefix+key)
		}
	}
}
