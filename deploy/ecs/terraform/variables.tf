# The parameters of service.yaml, as parameters.json has them:
#
#   terraform apply -var-file=../parameters.json
variable "Parameters" {
  description = "What parameters.json says: which backends are on, which collector runs, what the service is and where."
  type = object({
    XRay              = string
    NewRelic          = string
    NewRelicEndpoint  = string
    NewRelicSecretArn = string
    Collector         = string
    CollectorImage    = string
    AppName           = string
    AppImage          = string
    AppPort           = string
    DesiredCount      = string
    LaunchType        = string
    Cluster           = string
    Subnets           = string
    SecurityGroups    = string
    AssignPublicIp    = string
  })

  validation {
    condition     = alltrue([for s in [var.Parameters.XRay, var.Parameters.NewRelic] : contains(["on", "off"], s)])
    error_message = "XRay and NewRelic are \"on\" or \"off\"."
  }
  validation {
    condition     = var.Parameters.NewRelic == "off" || var.Parameters.NewRelicSecretArn != ""
    error_message = "NewRelicSecretArn must be set when NewRelic is on."
  }
  validation {
    condition     = contains(["adot", "bragg"], var.Parameters.Collector)
    error_message = "Collector is \"adot\" or \"bragg\"."
  }
  validation {
    condition     = contains(["FARGATE", "EC2"], var.Parameters.LaunchType)
    error_message = "LaunchType is \"FARGATE\" or \"EC2\"."
  }
}
