# A service on ECS with a collector beside it: the same as service.yaml, from the
# files that the AWS CLI takes.

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  xray_on      = var.Parameters.XRay == "on"
  new_relic_on = var.Parameters.NewRelic == "on"
  name         = var.Parameters.AppName

  values = merge(var.Parameters, {
    Region            = data.aws_region.current.name
    AccountId         = data.aws_caller_identity.current.account_id
    XRayExporters     = local.xray_on ? "[awsxray]" : "[debug/off]"
    NewRelicExporters = local.new_relic_on ? "[otlp_http/newrelic]" : "[debug/off]"
  })

  # ${Name} in these files is Terraform's own way to write a variable.
  file       = "${lower(var.Parameters.LaunchType)}-${var.Parameters.Collector}.json"
  definition = jsondecode(templatefile("${path.module}/../task-definitions/${local.file}", local.values))
  task       = jsondecode(templatefile("${path.module}/../roles/task.json", local.values))
  execution  = jsondecode(templatefile("${path.module}/../roles/execution.json", local.values))

  # The key is asked for only where New Relic is on, and the port is a number.
  containers = [for c in local.definition.containerDefinitions : merge(c,
    c.name == "collector" ? {
      secrets = [for s in c.secrets : s if local.new_relic_on || s.name != "NEW_RELIC_LICENSE_KEY"]
    } : {},
    c.name == "app" ? {
      portMappings = [{ containerPort = tonumber(var.Parameters.AppPort), protocol = "tcp" }]
    } : {},
  )]
}

resource "aws_ssm_parameter" "collector_config" {
  name        = "/${local.name}/otel-collector.yaml"
  description = "The configuration of the collector beside ${local.name}"
  type        = "String"
  tier        = "Standard"
  # Without its comments, it is below the 4096 bytes of the tier.
  value = replace(file("${path.module}/../../../otel-collector.yaml"), "/(?m)^ *(#.*)?\\n/", "")
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/${local.name}"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "collector" {
  name              = "/ecs/${local.name}/collector"
  retention_in_days = 7
}

resource "aws_iam_role" "task" {
  name               = "${local.name}-task"
  description        = "What ${local.name} and the collector beside it may do"
  assume_role_policy = templatefile("${path.module}/../roles/trust.json", local.values)
}

# Reasons are in the names of the statements, and in README.md.
resource "aws_iam_role_policy" "task" {
  count = local.xray_on ? 1 : 0
  name  = "x-ray"
  role  = aws_iam_role.task.id
  policy = jsonencode(merge(local.task, {
    Statement = [for s in local.task.Statement : s if local.xray_on || !startswith(s.Sid, "XRay")]
  }))
}

resource "aws_iam_role" "execution" {
  name               = "${local.name}-execution"
  description        = "What ECS may do to start ${local.name}"
  assume_role_policy = templatefile("${path.module}/../roles/trust.json", local.values)
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id
  policy = jsonencode(merge(local.execution, {
    Statement = [for s in local.execution.Statement : s if local.new_relic_on || !startswith(s.Sid, "NewRelic")]
  }))
}

resource "aws_ecs_task_definition" "service" {
  family                   = local.name
  requires_compatibilities = local.definition.requiresCompatibilities
  network_mode             = local.definition.networkMode
  cpu                      = local.definition.cpu
  memory                   = local.definition.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(local.containers)

  runtime_platform {
    operating_system_family = local.definition.runtimePlatform.operatingSystemFamily
    cpu_architecture        = local.definition.runtimePlatform.cpuArchitecture
  }

  dynamic "volume" {
    for_each = lookup(local.definition, "volumes", [])
    content {
      name = volume.value.name
    }
  }

  # The containers name these and would not start without them.
  depends_on = [
    aws_ssm_parameter.collector_config,
    aws_cloudwatch_log_group.app,
    aws_cloudwatch_log_group.collector,
  ]
}

resource "aws_ecs_service" "service" {
  name                               = local.name
  cluster                            = var.Parameters.Cluster
  launch_type                        = var.Parameters.LaunchType
  desired_count                      = tonumber(var.Parameters.DesiredCount)
  task_definition                    = aws_ecs_task_definition.service.arn
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = split(",", var.Parameters.Subnets)
    security_groups  = split(",", var.Parameters.SecurityGroups)
    assign_public_ip = var.Parameters.LaunchType == "FARGATE" && var.Parameters.AssignPublicIp == "ENABLED"
  }

  # ECS stops using the policies before they go.
  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}
