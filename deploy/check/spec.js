// Prints, of AWS's resource specification, the resource types that are given as
// arguments, with the definitions that they use:
//
//   NODE_PATH=…/node_modules node spec.js AWS::ECS::Service …
//
// {"resources": {TYPE: {"properties": {NAME: {"type", "required"}}, "attributes": [NAME]}},
//  "definitions": {ID: {"name", "properties"}}}
const { loadAwsServiceSpecSync } = require("@aws-cdk/aws-service-spec");

const db = loadAwsServiceSpecSync();
const result = { resources: {}, definitions: {} };

function properties(of) {
  const found = {};
  for (const [name, p] of Object.entries(of.properties)) {
    visit(p.type);
    found[name] = { type: p.type, required: p.required === true };
  }
  return found;
}

function visit(type) {
  if (!type || typeof type !== "object") return;
  const id = type.type === "ref" && type.reference.$ref;
  if (id && !result.definitions[id]) {
    const definition = db.get("typeDefinition", id);
    result.definitions[id] = { name: definition.name };
    result.definitions[id].properties = properties(definition);
  }
  visit(type.element);
  (type.types || []).forEach(visit);
}

for (const type of process.argv.slice(2)) {
  const [resource] = db.lookup("resource", "cloudFormationType", "equals", type);
  if (resource) {
    result.resources[type] = { properties: properties(resource), attributes: Object.keys(resource.attributes || {}) };
  }
}
process.stdout.write(JSON.stringify(result));
