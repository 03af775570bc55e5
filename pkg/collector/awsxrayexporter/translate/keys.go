package translate

import "github.com/bragg-tracing/bragg/pkg/segment"

// A key identifies an attribute that means something to the translation. The
// order groups the keys by the block that consumes them in compat mode.
type key uint8

const (
	other key = iota // every attribute that means nothing here

	// Consumed by the http block, whether there is one or not.
	httpMethod
	httpRequestMethod
	httpClientIP
	httpUserAgent
	userAgentOriginal
	httpStatusCode
	httpResponseStatusCode
	httpURL
	urlFull
	httpScheme
	urlScheme
	httpHost
	httpTarget
	httpServerName
	netHostPort
	hostName
	netHostName
	netPeerName
	netPeerPort
	netPeerIP
	networkPeerAddress
	clientAddress
	urlPath
	urlQuery
	serverAddress
	serverPort

	// Consumed by the aws block, whether there is one or not.
	rpcMethod
	awsOperation
	awsAccountID
	awsRegion
	awsRequestID
	awsRequestIDOld
	awsQueueURL
	awsQueueURLOld
	awsTableName
	awsTableNameOld

	// Consumed by the sql block, if there is one.
	dbConnectionString
	dbSystem
	dbName
	dbStatement
	dbUser

	// Consumed in ways of their own.
	enduserID
	xrayAnnotations
	xrayInProgress
	httpStatusText

	// Never shown: what the awsxray receiver keeps beside a span.
	xrayDocument
	xrayDocumentPart

	// Read, never consumed.
	rpcSystem
	rpcService
	peerService
	awsService
	awsLocalService
	awsRemoteService
	awsSpanKind
	messagingURL
	dynamoTableNames
	messageType
	messagingPayloadSize

	// Read in default mode only.
	networkPeerPort
	dbSystemName
	dbNamespace
	dbQueryText
	rpcSystemName
	rpcGRPCStatusCode
	rpcResponseStatusCode
	messagingSystem
	messagingDestination
	messagingOperation
	sqsQueueURL
	genAIProvider
	genAISystem
	genAIOperation
	xrayRetries
	awsThrottled
	awsExtendedRequestID
	awsBucket
	awsKey
	awsTopic
	awsStream
	awsFunction

	xraySamplingRule

	keys // how many there are
)

// keyOf finds the key of an attribute's name. The compiler makes a binary
// search of it.
func keyOf(name string) key {
	switch name {
	case "http.method":
		return httpMethod
	case "http.request.method":
		return httpRequestMethod
	case "http.client_ip":
		return httpClientIP
	case "http.user_agent":
		return httpUserAgent
	case "user_agent.original":
		return userAgentOriginal
	case "http.status_code":
		return httpStatusCode
	case "http.response.status_code":
		return httpResponseStatusCode
	case "http.url":
		return httpURL
	case "url.full":
		return urlFull
	case "http.scheme":
		return httpScheme
	case "url.scheme":
		return urlScheme
	case "http.host":
		return httpHost
	case "http.target":
		return httpTarget
	case "http.server_name":
		return httpServerName
	case "net.host.port":
		return netHostPort
	case "host.name":
		return hostName
	case "net.host.name":
		return netHostName
	case "net.peer.name":
		return netPeerName
	case "net.peer.port":
		return netPeerPort
	case "net.peer.ip":
		return netPeerIP
	case "network.peer.address":
		return networkPeerAddress
	case "network.peer.port":
		return networkPeerPort
	case "client.address":
		return clientAddress
	case "url.path":
		return urlPath
	case "url.query":
		return urlQuery
	case "server.address":
		return serverAddress
	case "server.port":
		return serverPort
	case "rpc.method":
		return rpcMethod
	case "aws.operation":
		return awsOperation
	case "aws.account_id":
		return awsAccountID
	case "aws.region":
		return awsRegion
	case "aws.request_id":
		return awsRequestID
	case "aws.requestId":
		return awsRequestIDOld
	case "aws.queue_url":
		return awsQueueURL
	case "aws.queue.url":
		return awsQueueURLOld
	case "aws.table_name":
		return awsTableName
	case "aws.table.name":
		return awsTableNameOld
	case "db.connection_string":
		return dbConnectionString
	case "db.system":
		return dbSystem
	case "db.name":
		return dbName
	case "db.statement":
		return dbStatement
	case "db.user":
		return dbUser
	case "enduser.id":
		return enduserID
	case "aws.xray.sampling_rule_name":
		return xraySamplingRule
	case "aws.xray.annotations":
		return xrayAnnotations
	case "aws.xray.inprogress":
		return xrayInProgress
	case segment.DocumentAttribute:
		return xrayDocument
	case segment.PartAttribute:
		return xrayDocumentPart
	case "http.status_text":
		return httpStatusText
	case "rpc.system":
		return rpcSystem
	case "rpc.service":
		return rpcService
	case "peer.service":
		return peerService
	case "aws.service":
		return awsService
	case "aws.local.service":
		return awsLocalService
	case "aws.remote.service":
		return awsRemoteService
	case "aws.span.kind":
		return awsSpanKind
	case "messaging.url":
		return messagingURL
	case "aws.dynamodb.table_names":
		return dynamoTableNames
	case "message.type":
		return messageType
	case "messaging.message_payload_size_bytes":
		return messagingPayloadSize
	case "db.system.name":
		return dbSystemName
	case "db.namespace":
		return dbNamespace
	case "db.query.text":
		return dbQueryText
	case "rpc.system.name":
		return rpcSystemName
	case "rpc.grpc.status_code":
		return rpcGRPCStatusCode
	case "rpc.response.status_code":
		return rpcResponseStatusCode
	case "messaging.system":
		return messagingSystem
	case "messaging.destination.name":
		return messagingDestination
	case "messaging.operation.name":
		return messagingOperation
	case "aws.sqs.queue.url":
		return sqsQueueURL
	case "gen_ai.provider.name":
		return genAIProvider
	case "gen_ai.system":
		return genAISystem
	case "gen_ai.operation.name":
		return genAIOperation
	case "aws.xray.retries":
		return xrayRetries
	case "aws.throttled":
		return awsThrottled
	case "aws.extended_request_id":
		return awsExtendedRequestID
	case "aws.s3.bucket":
		return awsBucket
	case "aws.s3.key":
		return awsKey
	case "aws.sns.topic.arn":
		return awsTopic
	case "aws.kinesis.stream_name":
		return awsStream
	case "faas.invoked_name":
		return awsFunction
	}
	return other
}
