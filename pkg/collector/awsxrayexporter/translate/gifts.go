package translate

// A gift says what the presence of a key gives a document, one bit each, so
// that a span without a block's keys costs nothing of the block.
type gift uint8

const (
	givesHTTP gift = 1 << iota // an http block
	givesURL                   // its url, if there is the block
	givesIP                    // perhaps its client address, likewise
	givesCall                  // a member of the aws block
	givesSQL                   // perhaps a sql block
	givesName                  // perhaps a name
)

func (g gift) has(bit gift) bool { return g&bit != 0 }

var gives = [keys]gift{
	httpMethod:             givesHTTP,
	httpRequestMethod:      givesHTTP,
	httpClientIP:           givesHTTP | givesIP,
	httpUserAgent:          givesHTTP,
	userAgentOriginal:      givesHTTP,
	httpStatusCode:         givesHTTP,
	httpResponseStatusCode: givesHTTP,
	httpURL:                givesHTTP | givesURL,
	urlFull:                givesHTTP | givesURL,
	httpScheme:             givesHTTP,
	urlScheme:              givesHTTP,
	httpHost:               givesHTTP | givesURL | givesName,
	httpTarget:             givesHTTP,
	httpServerName:         givesHTTP | givesURL,
	netHostPort:            givesHTTP,
	hostName:               givesURL,
	netHostName:            givesURL,
	netPeerName:            givesURL | givesName,
	netPeerIP:              givesURL | givesIP,
	networkPeerAddress:     givesIP,
	clientAddress:          givesIP,
	urlPath:                givesHTTP,
	urlQuery:               givesHTTP,
	serverAddress:          givesURL | givesName,

	rpcMethod:          givesCall | givesName,
	awsOperation:       givesCall,
	awsAccountID:       givesCall,
	awsRegion:          givesCall,
	awsRequestID:       givesCall,
	awsRequestIDOld:    givesCall,
	awsQueueURL:        givesCall,
	awsQueueURLOld:     givesCall,
	awsTableName:       givesCall,
	awsTableNameOld:    givesCall,
	messagingURL:       givesCall,
	dynamoTableNames:   givesCall,
	messagingOperation: givesCall,
	sqsQueueURL:        givesCall,

	xrayRetries:          givesCall,
	awsExtendedRequestID: givesCall,
	awsBucket:            givesCall,
	awsKey:               givesCall,
	awsTopic:             givesCall,
	awsStream:            givesCall,
	awsFunction:          givesCall,

	dbSystem:     givesSQL | givesName,
	dbSystemName: givesSQL | givesName,
	dbName:       givesName,
	dbNamespace:  givesName,

	rpcSystem:            givesName,
	rpcSystemName:        givesName,
	rpcService:           givesName,
	peerService:          givesName,
	awsService:           givesName,
	awsLocalService:      givesName,
	awsRemoteService:     givesName,
	messagingSystem:      givesName,
	messagingDestination: givesName,
	genAIProvider:        givesName,
	genAISystem:          givesName,
}
