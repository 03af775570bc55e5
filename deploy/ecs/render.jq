# Fills in a file of task-definitions/ or roles/ with parameters.json:
#
#   jq -f render.jq --slurpfile parameters parameters.json \
#     --arg Region us-east-1 --arg AccountId 123456789012 task-definitions/fargate-adot.json
#
# ${Name} becomes the parameter of that name; a name without a parameter is an
# error. What a backend needs goes away where the backend is off: the secret with
# New Relic's key, and the statements of a policy whose Sid begins with the
# backend's name.

($parameters[0].Parameters + {$Region, $AccountId}) as $given
| ($given + {
    XRayExporters: (if $given.XRay == "on" then "[awsxray]" else "[debug/off]" end),
    NewRelicExporters: (if $given.NewRelic == "on" then "[otlp_http/newrelic]" else "[debug/off]" end)
  }) as $values
| (if $given.NewRelic == "on" and ($given.NewRelicSecretArn // "") == ""
   then error("NewRelicSecretArn must be set when NewRelic is on") else . end)
| def off($name): $given[$name] != "on";
  if .containerDefinitions then
    (if off("NewRelic") then del(.containerDefinitions[].secrets[]? | select(.name == "NEW_RELIC_LICENSE_KEY")) else . end)
    | .containerDefinitions[0].portMappings[0].containerPort = ($given.AppPort | tonumber)
  elif .Statement then
    del(.Statement[] | (.Sid // "") as $sid
      | select((off("NewRelic") and ($sid | startswith("NewRelic"))) or (off("XRay") and ($sid | startswith("XRay")))))
  else . end
| walk(
    if type == "string" then
      gsub("\\$\\{(?<name>[A-Za-z]+)\\}"; .name as $name | $values[$name] // error("there is no parameter \($name)"))
    else . end)
