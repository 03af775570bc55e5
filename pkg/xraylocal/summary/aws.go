package summary

import (
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// AWS returns the summary as AWS's client has it when it has read what it
// marshals as. The two may share memory. What begins with Matched is left out.
func (s *Trace) AWS() types.TraceSummary {
	start := time.UnixMicro(int64(math.Round(s.StartTime * 1e6))).UTC()
	out := types.TraceSummary{
		Id: &s.ID, StartTime: &start, Duration: s.Duration, ResponseTime: s.ResponseTime,
		HasFault: &s.HasFault, HasError: &s.HasError, HasThrottle: &s.HasThrottle, IsPartial: &s.IsPartial,
		Http:        &types.Http{HttpURL: s.HTTP.HTTPURL, HttpMethod: s.HTTP.HTTPMethod, UserAgent: s.HTTP.UserAgent, ClientIp: s.HTTP.ClientIP},
		Annotations: make(map[string][]types.ValueWithServiceIds, len(s.Annotations)),
		Revision:    int32(s.Revision),
	}
	if s.HTTP.HTTPStatus != nil {
		out.Http.HttpStatus = aws.Int32(int32(*s.HTTP.HTTPStatus))
	}
	for key, values := range s.Annotations {
		for _, v := range values {
			out.Annotations[key] = append(out.Annotations[key], types.ValueWithServiceIds{AnnotationValue: v.AnnotationValue.aws()})
		}
	}
	out.Users = each(s.Users, func(u User) types.TraceUser { return types.TraceUser{UserName: &u.UserName} })
	out.ServiceIds = each(s.ServiceIDs, ServiceID.aws)
	out.ResourceARNs = each(s.ResourceARNs, func(r ResourceARN) types.ResourceARNDetail { return types.ResourceARNDetail{ARN: &r.ARN} })
	out.InstanceIds = each(s.InstanceIDs, func(i InstanceID) types.InstanceIdDetail { return types.InstanceIdDetail{Id: &i.ID} })
	out.AvailabilityZones = each(s.AvailabilityZones, func(z AvailabilityZone) types.AvailabilityZoneDetail {
		return types.AvailabilityZoneDetail{Name: &z.Name}
	})
	if s.EntryPoint != nil {
		entry := s.EntryPoint.aws()
		out.EntryPoint = &entry
	}
	out.FaultRootCauses = each(s.FaultRootCauses, Cause.Fault)
	out.ErrorRootCauses = each(s.ErrorRootCauses, Cause.Error)
	out.ResponseTimeRootCauses = each(s.ResponseTimeRootCauses, SlowCause.AWS)
	return out
}

func each[In, Out any](list []In, f func(In) Out) []Out {
	out := make([]Out, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func (v AnnotationValue) aws() types.AnnotationValue {
	switch {
	case v.NumberValue != nil:
		return &types.AnnotationValueMemberNumberValue{Value: *v.NumberValue}
	case v.BooleanValue != nil:
		return &types.AnnotationValueMemberBooleanValue{Value: *v.BooleanValue}
	case v.StringValue != nil:
		return &types.AnnotationValueMemberStringValue{Value: *v.StringValue}
	default:
		return nil
	}
}

func (s ServiceID) aws() types.ServiceId {
	return types.ServiceId{Name: &s.Name, Names: s.Names, Type: s.Type, AccountId: s.AccountID}
}

// Fault returns the cause as AWS's client has that of a fault.
func (c Cause) Fault() types.FaultRootCause {
	return types.FaultRootCause{ClientImpacting: &c.ClientImpacting, Services: each(c.Services, func(s CauseService) types.FaultRootCauseService {
		return types.FaultRootCauseService{Name: &s.Name, Names: s.Names, Type: &s.Type, AccountId: s.AccountID, Inferred: &s.Inferred,
			EntityPath: each(s.EntityPath, func(e CauseEntity) types.FaultRootCauseEntity {
				return types.FaultRootCauseEntity{Name: &e.Name, Remote: &e.Remote, Exceptions: each(e.Exceptions, Exception.aws)}
			})}
	})}
}

// Error returns the cause as AWS's client has that of an error.
func (c Cause) Error() types.ErrorRootCause {
	return types.ErrorRootCause{ClientImpacting: &c.ClientImpacting, Services: each(c.Services, func(s CauseService) types.ErrorRootCauseService {
		return types.ErrorRootCauseService{Name: &s.Name, Names: s.Names, Type: &s.Type, AccountId: s.AccountID, Inferred: &s.Inferred,
			EntityPath: each(s.EntityPath, func(e CauseEntity) types.ErrorRootCauseEntity {
				return types.ErrorRootCauseEntity{Name: &e.Name, Remote: &e.Remote, Exceptions: each(e.Exceptions, Exception.aws)}
			})}
	})}
}

func (x Exception) aws() types.RootCauseException {
	return types.RootCauseException{Name: &x.Name, Message: x.Message}
}

// AWS returns the cause as AWS's client has it.
func (c SlowCause) AWS() types.ResponseTimeRootCause {
	return types.ResponseTimeRootCause{ClientImpacting: &c.ClientImpacting, Services: each(c.Services, func(s SlowService) types.ResponseTimeRootCauseService {
		return types.ResponseTimeRootCauseService{Name: &s.Name, Names: s.Names, Type: &s.Type, AccountId: s.AccountID, Inferred: &s.Inferred,
			EntityPath: each(s.EntityPath, func(e SlowEntity) types.ResponseTimeRootCauseEntity {
				return types.ResponseTimeRootCauseEntity{Name: &e.Name, Coverage: &e.Coverage, Remote: &e.Remote}
			})}
	})}
}
