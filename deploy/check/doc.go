// Package check reads the files under deploy in the way of the services that
// take them, and says what these would refuse: a key that nobody knows, a value
// that is not of the list, a reference to nothing. Each function returns
// sentences, none for a file that is right.
//
//	TaskDefinition   AWS's own types of the ECS API, and the limits of its documentation
//	Template         CloudFormation: references; with a Spec, AWS's resource specification
//	Policy           IAM: its grammar; actions, resources and condition keys of the service authorization reference
//	Terraform        syntax, canonical format and references
//	Kubernetes       Kubernetes' own types, and ours of the OpenTelemetry operator
//	Unit             systemd's sections and keys
//
// What none of these can know is whether an account allows it.
package check
