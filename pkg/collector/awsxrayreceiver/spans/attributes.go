package spans

import (
	"maps"
	"slices"
)

// Attributes of contrib's receiver that no convention names. The exporter
// knows them too.
const (
	inProgress       = "aws.xray.inprogress"
	xForwardedFor    = "aws.xray.x_forwarded_for"
	traced           = "aws.xray.traced"
	retries          = "aws.xray.retries"
	annotations      = "aws.xray.annotations"
	metadataPrefix   = "aws.xray.metadata."
	resourceARN      = "aws.xray.resource_arn"
	awsAccount       = "aws.account_id"
	awsOperation     = "aws.operation"
	awsRegion        = "aws.region"
	awsRequestID     = "aws.request_id"
	awsQueueURL      = "aws.queue_url"
	awsTableName     = "aws.table_name"
	awsService       = "aws.service"
	exceptionID      = "aws.xray.exception.id"
	exceptionRemote  = "aws.xray.exception.remote"
	exceptionTrunc   = "aws.xray.exception.truncated"
	exceptionSkipped = "aws.xray.exception.skipped"
	exceptionCause   = "aws.xray.exception.cause"
)

// Attributes for what contrib's receiver loses.
const (
	origin           = "aws.xray.origin"        // on the resource; where cloud.platform cannot say it
	namespaceName    = "aws.xray.namespace"     // where the span's kind cannot say it
	precursorIDs     = "aws.xray.precursor_ids" //
	errorFlag        = "aws.xray.error"         // where the status code of HTTP does not say it
	throttleFlag     = "aws.xray.throttle"      // the same
	causeID          = "aws.xray.cause.id"      // of an exception in another subsegment
	causeDirectory   = "aws.xray.cause.working_directory"
	causePaths       = "aws.xray.cause.paths"       //
	awsPrefix        = "aws.xray.aws."              // members of aws that have no name of their own
	sdkPrefix        = "aws.xray.sdk."              // members of aws.xray that have none
	sqlType          = "aws.xray.sql.database_type" // as it was written
	sqlVersion       = "aws.xray.sql.database_version"
	sqlDriverVersion = "aws.xray.sql.driver_version"
	sqlPreparation   = "aws.xray.sql.preparation"
)

// keys returns the keys of an object, sorted, so that the same document always
// gives the same spans.
func (o object) keys() []string { return slices.Sorted(maps.Keys(o)) }
