package api

import (
	"context"
)

func init() {
	serve("GetEncryptionConfig", (*Handler).getEncryptionConfig)
	serve("PutEncryptionConfig", (*Handler).putEncryptionConfig)
	serve("GetTraceSegmentDestination", (*Handler).getTraceSegmentDestination)
	serve("UpdateTraceSegmentDestination", (*Handler).updateTraceSegmentDestination)
}

type encryptionConfig struct {
	KeyID  *string `json:"KeyId"`
	Status string
	Type   string
}

type encryptionConfigResponse struct{ EncryptionConfig encryptionConfig }

// getEncryptionConfig returns what was put, and that it is in force. Nothing
// here is encrypted by it.
func (h *Handler) getEncryptionConfig(ctx context.Context, _ *struct{}) (any, error) {
	c, err := load[encryptionConfig](ctx, h.storeOf(ctx), kindSettings, keyEncryption)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &encryptionConfig{Status: "ACTIVE", Type: "NONE"}
	}
	return encryptionConfigResponse{*c}, nil
}

type putEncryptionConfigRequest struct {
	KeyID *string `json:"KeyId" valid:"len=1..3000"`
	Type  *string `valid:"required,enum=NONE|KMS"`
}

func (h *Handler) putEncryptionConfig(ctx context.Context, in *putEncryptionConfigRequest) (any, error) {
	switch {
	case *in.Type == "KMS" && in.KeyID == nil:
		return nil, invalidRequest("KeyId is required when Type is KMS")
	case *in.Type == "NONE" && in.KeyID != nil:
		return nil, invalidRequest("KeyId must be omitted when Type is NONE")
	}
	c := encryptionConfig{KeyID: in.KeyID, Status: "ACTIVE", Type: *in.Type}
	err := modify(ctx, h.storeOf(ctx), kindSettings, keyEncryption, func(*encryptionConfig) (*encryptionConfig, error) {
		return &c, nil
	})
	return encryptionConfigResponse{c}, err
}

// Where X-Ray sends segments: "XRay" or, for transaction search, "CloudWatchLogs".
type destination struct {
	Destination string
	Status      string
}

func (h *Handler) getTraceSegmentDestination(ctx context.Context, _ *struct{}) (any, error) {
	d, err := load[destination](ctx, h.storeOf(ctx), kindSettings, keyDestination)
	if err != nil {
		return nil, err
	}
	if d == nil {
		d = &destination{"XRay", "ACTIVE"}
	}
	return *d, nil
}

type updateTraceSegmentDestinationRequest struct {
	Destination *string `valid:"enum=XRay|CloudWatchLogs"`
}

// updateTraceSegmentDestination says that a change is pending, as the service
// does for some minutes; here it is in force when somebody next asks.
func (h *Handler) updateTraceSegmentDestination(ctx context.Context, in *updateTraceSegmentDestinationRequest) (any, error) {
	if in.Destination == nil {
		return nil, invalidRequest("Destination is required: XRay or CloudWatchLogs")
	}
	out := destination{*in.Destination, "PENDING"}
	err := modify(ctx, h.storeOf(ctx), kindSettings, keyDestination, func(old *destination) (*destination, error) {
		if old != nil && old.Destination == *in.Destination || old == nil && *in.Destination == "XRay" {
			out.Status = "ACTIVE"
		}
		return &destination{*in.Destination, "ACTIVE"}, nil
	})
	return out, err
}
