package check

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// awsCLI reads AWS's API models from its SDK for Go, version 1, which the
// drop-in X-Ray SDK for it needs anyway.
func awsCLI(t *testing.T) *CLI {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	return NewCLI(filepath.Join(strings.TrimSpace(string(dir)), "models/apis"))
}

func TestPages(t *testing.T) {
	cli := awsCLI(t)
	pages, err := filepath.Glob(filepath.Join(root, "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	ways := 0
	for _, path := range append(pages, filepath.Join(root, "README.md")) {
		name, _ := filepath.Rel(root, path)
		content := read(t, name)
		t.Run(name, func(t *testing.T) {
			for _, problem := range Page(content, filepath.Join(root, ".."), cli) {
				t.Error(problem)
			}
			if name == "README.md" {
				return
			}
			ways++
			for _, section := range []string{"What it costs", "Remove it"} {
				if !strings.Contains(string(content), "\n## "+section+"\n") {
					t.Errorf("there is no section %q", section)
				}
			}
		})
	}
	if ways != 6 {
		t.Errorf("%d pages, want one for each of 6 ways to deploy", ways)
	}
}

func TestMistakesInPages(t *testing.T) {
	cli := awsCLI(t)
	const removal = "\n## Remove it\n\n```sh\naws logs delete-log-group --log-group-name x\n```\n"
	for _, m := range []struct{ what, block, want string }{
		{"right", "aws logs create-log-group --log-group-name x --region eu-west-1 --query a", ""},
		{"no shell", "for role in task; do echo $role", "it is no shell"},
		{"a variable from nowhere", `echo "$ACCOUNT"`, "$ACCOUNT is set nowhere"},
		{"one that is read", "read -rs KEY && echo $KEY", ""},
		{"one of a loop", "for x in a b; do echo $x; done", ""},
		{"something to guess", "echo subnet-…", "cannot run"},
		{"a file that is not there", "cat deploy/ecs/nothing.yaml", "there is no deploy/ecs/nothing.yaml"},
		{"a file after an equals sign", "aws ecs register-task-definition --cli-input-json file://deploy/x.json; aws ecs deregister-task-definition --task-definition x", "there is no deploy/x.json"},
		{"a file that nobody wrote", "aws logs create-log-group --log-group-name file://name", "name is written nowhere"},
		{"a file of the page", "echo x > name\naws logs create-log-group --log-group-name file://name", ""},
		{"a directory that is not there", "terraform -chdir=deploy/ecs/terraform version -var-file=../parameter.json", "there is no deploy/ecs/parameter.json"},
		{"no service", "aws log create-log-group", "AWS has no service log"},
		{"no command", "aws logs create-log-groups --log-group-name x", "there is no command aws logs create-log-groups"},
		{"no flag", "aws logs create-log-group --log-group x --log-group-name x", "has no flag --log-group"},
		{"a flag too few", "aws logs create-log-group", "wants logGroupName"},
		{"a command of the CLI's own", "aws cloudformation deploy --template x", "has no flag --template"},
		{"no waiter", "aws ecs wait services-inactives", "waits for no services-inactives"},
		{"a waiter", "aws ecs wait services-inactive --services x", ""},
		{"in a substitution", "echo $(aws iam create-roles)", "there is no command aws iam create-roles"},
		{"something that stays", "aws iam create-role --role-name x --assume-role-policy-document y", "no aws iam delete-role under"},
		{"a stack that stays", "sam deploy", "no sam delete under"},
	} {
		t.Run(m.what, func(t *testing.T) {
			got := strings.Join(Page([]byte("# x\n\n```sh\n"+m.block+"\n```\n"+removal), filepath.Join(root, ".."), cli), "\n")
			if m.want == "" && got != "" || !strings.Contains(got, m.want) {
				t.Errorf("problems %q, want %q", got, m.want)
			}
		})
	}
	if got := Page([]byte("```\nls\n```\n"), root, cli); len(got) != 1 {
		t.Errorf("a block of no language: %q", got)
	}
}
