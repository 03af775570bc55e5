package check

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/syntax"
)

// Page checks a page of documentation in Markdown by its blocks of code. A shell
// block can be copied as it is and run at the root of the repository: it is
// shell, the variables in it are set on the page, files that it names are there,
// and the AWS command line has its commands and flags. What a page creates, its
// section "Remove it" removes. Root is the repository's root.
func Page(content []byte, root string, cli *CLI) []string {
	p := &page{root: root, cli: cli, set: map[string]bool{"HOME": true, "PATH": true}, made: map[string]bool{}}
	for _, b := range codeBlocks(content) {
		switch b.language {
		case "sh":
			p.shell(b)
		case "yaml":
			var any any
			if err := yaml.Unmarshal([]byte(b.text), &any); err != nil {
				p.say(b.line, "%v", err)
			}
		case "text": // a drawing, a formula, what a command printed
		default:
			p.say(b.line, "a block of the language %q: want sh, yaml or text", b.language)
		}
	}
	for _, pair := range slices.Sorted(maps.Keys(removals)) {
		if line, ok := p.creates[pair]; ok && !p.removes[removals[pair]] {
			p.say(line, "%s, and no %s under \"Remove it\"", pair, removals[pair])
		}
	}
	return p.problems
}

// removals says for each command that creates something which one removes it.
var removals = map[string]string{
	"aws cloudformation deploy":               "aws cloudformation delete-stack",
	"aws ec2 associate-iam-instance-profile":  "aws ec2 disassociate-iam-instance-profile",
	"aws ecr create-repository":               "aws ecr delete-repository",
	"aws ecs create-service":                  "aws ecs delete-service",
	"aws ecs register-task-definition":        "aws ecs deregister-task-definition",
	"aws eks create-addon":                    "aws eks delete-addon",
	"aws eks create-pod-identity-association": "aws eks delete-pod-identity-association",
	"aws iam add-role-to-instance-profile":    "aws iam remove-role-from-instance-profile",
	"aws iam create-instance-profile":         "aws iam delete-instance-profile",
	"aws iam create-open-id-connect-provider": "aws iam delete-open-id-connect-provider",
	"aws iam create-role":                     "aws iam delete-role",
	"aws iam put-role-policy":                 "aws iam delete-role-policy",
	"aws logs create-log-group":               "aws logs delete-log-group",
	"aws secretsmanager create-secret":        "aws secretsmanager delete-secret",
	"aws ssm put-parameter":                   "aws ssm delete-parameter",
	"docker compose up":                       "docker compose down",
	"install":                                 "rm",
	"kubectl apply":                           "kubectl delete",
	"kubectl create":                          "kubectl delete",
	"sam deploy":                              "sam delete",
	"systemctl enable":                        "systemctl disable",
	"terraform apply":                         "terraform destroy",
}

type codeBlock struct {
	language, text string
	line           int
	removal        bool // under "Remove it"
}

var fence = regexp.MustCompile("^( *)```(\\w*)$")

func codeBlocks(content []byte) (all []codeBlock) {
	var current *codeBlock
	indent, heading := "", ""
	for i, line := range strings.Split(string(content), "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && current == nil:
			indent = m[1]
			current = &codeBlock{language: m[2], line: i + 1, removal: heading == "Remove it"}
		case m != nil:
			all = append(all, *current)
			current = nil
		case current != nil:
			current.text += strings.TrimPrefix(line, indent) + "\n"
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if current != nil {
		all = append(all, *current) // without an end: its language is checked all the same
	}
	return all
}

type page struct {
	root     string
	cli      *CLI
	set      map[string]bool // variables and functions that the page has set
	made     map[string]bool // files that the page has written
	creates  map[string]int  // commands, with their lines
	removes  map[string]bool
	problems []string
}

func (p *page) say(line int, format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

func (p *page) shell(b codeBlock) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true)).Parse(strings.NewReader(b.text), "")
	if err != nil {
		p.say(b.line, "it is no shell: %v", err)
		return
	}
	if strings.Contains(b.text, "…") {
		p.say(b.line, "it has a %q that a reader cannot run", "…")
	}
	at := func(pos syntax.Pos) int { return b.line + int(pos.Line()) }
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.FuncDecl:
			p.set[n.Name.Value] = true
		case *syntax.Assign:
			p.set[n.Name.Value] = true
		case *syntax.WordIter:
			p.set[n.Name.Value] = true
		case *syntax.ParamExp:
			if name := n.Param.Value; !p.set[name] && syntax.ValidName(name) {
				p.say(at(n.Pos()), "$%s is set nowhere on the page", name)
				p.set[name] = true
			}
		case *syntax.Redirect:
			if n.Op == syntax.RdrOut || n.Op == syntax.AppOut {
				p.made[text(n.Word)] = true
			}
		case *syntax.CallExpr:
			p.call(at(n.Pos()), n, b.removal)
		}
		return true
	})
}

// text returns a word with its variables as they are written.
func text(w *syntax.Word) string {
	var out bytes.Buffer
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			out.WriteString(part.Value)
		case *syntax.SglQuoted:
			out.WriteString(part.Value)
		case *syntax.DblQuoted:
			out.WriteString(text(&syntax.Word{Parts: part.Parts}))
		case *syntax.ParamExp:
			out.WriteString("$" + part.Param.Value)
		default:
			out.WriteString("$()")
		}
	}
	return out.String()
}

func (p *page) call(line int, call *syntax.CallExpr, removal bool) {
	var words []string
	for _, arg := range call.Args {
		words = append(words, text(arg))
	}
	if len(words) == 0 {
		return
	}
	p.remember(commandOf(words), line, removal)
	if words[0] == "read" {
		p.set[words[len(words)-1]] = true
	}
	if words[0] == "cp" {
		p.made[words[len(words)-1]] = true
	}
	if words[0] == "aws" {
		for _, problem := range p.cli.Problems(words) {
			p.say(line, "%s", problem)
		}
	}
	directory := ""
	for i, word := range words {
		if d, ok := strings.CutPrefix(word, "-chdir="); ok {
			directory = d
		}
		if slices.Contains([]string{"-out", "-keyout", "-o"}, words[max(i-1, 0)]) {
			p.made[word] = true
		}
	}
	for _, word := range words[1:] {
		p.file(line, word, directory)
	}
}

func (p *page) remember(command string, line int, removal bool) {
	if p.creates == nil {
		p.creates, p.removes = map[string]int{}, map[string]bool{}
	}
	if removal {
		p.removes[command] = true
	} else if _, ok := removals[command]; ok {
		p.creates[command] = line
	}
}

// commandOf returns a command with the words that say which one it is.
func commandOf(words []string) string {
	n := 1
	switch words[0] {
	case "aws":
		n = 3
	case "docker":
		n = 2
		if len(words) > 1 && words[1] == "compose" {
			n = 3
		}
	case "kubectl", "sam", "systemctl", "terraform":
		n = 2
	}
	var kept []string
	for i := 0; i < len(words) && len(kept) < n; i++ {
		switch word := words[i]; {
		case word == "-f" || word == "-n":
			i++ // and its value
		case !strings.HasPrefix(word, "-"):
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

// inRepository are words that name a file of the repository, whole or after a
// flag's "=" or "file://".
var inRepository = regexp.MustCompile(`(?:^|=|file://|fileb://)((?:\.\./|deploy/|pkg/|cmd/|otel-collector\.yaml|docker-compose\.yml|\.env)[^,=$]*)$`)

func (p *page) file(line int, word, directory string) {
	if name, ok := strings.CutPrefix(word, "file://"); ok && !strings.Contains(name, "$") && !strings.HasPrefix(name, "deploy/") && !p.made[name] {
		p.say(line, "%s is written nowhere on the page", name)
		return
	}
	m := inRepository.FindStringSubmatch(word)
	if m == nil || p.made[m[1]] {
		return
	}
	if !exists(filepath.Join(p.root, directory, m[1])) && !exists(filepath.Join(p.root, m[1])) {
		p.say(line, "there is no %s in the repository", filepath.Join(directory, m[1]))
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
