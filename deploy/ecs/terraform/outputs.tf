output "traces" {
  description = "The service's traces in X-Ray"
  value       = local.xray_on ? "https://${data.aws_region.current.name}.console.aws.amazon.com/cloudwatch/home?region=${data.aws_region.current.name}#xray:traces/query" : null
}

output "task_definition" {
  description = "ARN of the task definition"
  value       = aws_ecs_task_definition.service.arn
}

output "collector_log_group" {
  description = "Where the collector logs"
  value       = aws_cloudwatch_log_group.collector.name
}
