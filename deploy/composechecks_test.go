package deploy

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// composeChecks returns, each for one kind of promise, the sentences that say
// where the files break it.
var composeChecks = map[string]func(deployment) []string{
	"loads":       func(d deployment) []string { return withProject(d, func(*types.Project) []string { return nil }) },
	"files exist": func(d deployment) []string { return withProject(d, missingFiles) },
	"builds":      func(d deployment) []string { return withProject(d, buildProblems) },
	"ports":       portProblems,
	"addresses":   addressProblems,
	"health":      func(d deployment) []string { return withProject(d, healthProblems) },
	"hardened":    func(d deployment) []string { return withProject(d, hardeningProblems) },
	"variables":   variableProblems,
	"never blank": blankProblems,
}

// withProject is a check of the project as it loads with an empty environment.
func withProject(d deployment, check func(*types.Project) []string) []string {
	project, err := d.load(nil)
	if err != nil {
		return []string{err.Error()}
	}
	problems := check(project)
	slices.Sort(problems)
	return problems
}

func missingFiles(project *types.Project) (problems []string) {
	for name, service := range project.Services {
		for _, v := range service.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if info, err := os.Stat(v.Source); err != nil || !info.Mode().IsRegular() {
				problems = append(problems, fmt.Sprintf("%s mounts %s, which is no file", name, v.Source))
			}
			if !v.ReadOnly {
				problems = append(problems, fmt.Sprintf("%s mounts %s, but not read-only", name, v.Source))
			}
		}
		for _, file := range service.EnvFiles {
			if _, err := os.Stat(file.Path); err != nil {
				problems = append(problems, fmt.Sprintf("%s: env_file %s does not exist", name, file.Path))
			}
		}
	}
	return problems
}

func buildProblems(project *types.Project) (problems []string) {
	built := map[string]bool{}
	for name, service := range project.Services {
		if service.Build == nil {
			continue
		}
		built[service.Image] = true
		file := filepath.Join(service.Build.Context, service.Build.Dockerfile)
		d, err := readDockerfile(service.Build.Context, service.Build.Dockerfile)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		if service.Build.Target != d.last().Name {
			problems = append(problems, fmt.Sprintf("%s: target %q is not the last stage of %s", name, service.Build.Target, file))
		}
		for arg := range service.Build.Args {
			if !d.declares(arg) {
				problems = append(problems, fmt.Sprintf("%s: %s has no ARG %s", name, file, arg))
			}
		}
	}
	for name, service := range project.Services {
		image, tag, _ := strings.Cut(filepath.Base(service.Image), ":")
		switch {
		case tag == "" || tag == "latest":
			problems = append(problems, fmt.Sprintf("%s: image %s of no version", name, service.Image))
		case !strings.Contains(service.Image, "/") && !built[service.Image]:
			problems = append(problems, fmt.Sprintf("%s: nothing builds the image %s", name, image))
		case built[service.Image] && service.PullPolicy != types.PullPolicyNever:
			problems = append(problems, fmt.Sprintf("%s: the image %s is ours, yet it may be pulled from elsewhere", name, image))
		}
	}
	return problems
}

// listening is the ports that services listen on for others, as "4317/tcp".
type listening map[string]map[string]bool

// wildcardAddress is how a command or a variable says where to listen.
var wildcardAddress = regexp.MustCompile(`\b0\.0\.0\.0:(\d+)\b`)

const (
	dynamoDBImage = "amazon/dynamodb-local" // listens on 8000 unless told otherwise
	adotImage     = "public.ecr.aws/aws-observability/aws-otel-collector"
)

// ports finds out where each service listens: from its command and environment,
// and for the collector from its configuration.
func (d deployment) ports(project *types.Project) (listening, error) {
	all := listening{}
	for name, service := range project.Services {
		all[name] = map[string]bool{}
		switch image, _, _ := strings.Cut(service.Image, ":"); image {
		case dynamoDBImage:
			all[name]["8000/tcp"] = true
		case adotImage:
			env := map[string]string{}
			maps.Copy(env, service.Environment.Resolve(nil).ToMapping())
			configs := collectorConfigs(expand(d.collector, env))
			if len(configs) != 1 {
				return nil, fmt.Errorf("%s has %d configurations", name, len(configs))
			}
			ports, err := listeners(configs[0])
			if err != nil {
				return nil, err
			}
			for _, l := range ports {
				if l.host == "0.0.0.0" {
					all[name][strconv.Itoa(l.port)+"/"+l.network] = true
				}
			}
		default:
			for _, text := range texts(service) {
				for _, m := range wildcardAddress.FindAllStringSubmatch(text, -1) {
					all[name][m[1]+"/tcp"] = true
				}
			}
		}
	}
	return all, nil
}

// texts returns what a service's process is told: its command and environment.
func texts(service types.ServiceConfig) []string {
	return append(slices.Clone([]string(service.Command)),
		slices.Sorted(maps.Values(service.Environment.Resolve(nil).ToMapping()))...)
}

func portProblems(d deployment) []string {
	return withProject(d, func(project *types.Project) (problems []string) {
		ports, err := d.ports(project)
		if err != nil {
			return []string{err.Error()}
		}
		taken := map[string]string{}
		for _, name := range project.ServiceNames() {
			for _, p := range project.Services[name].Ports {
				if p.HostIP != "127.0.0.1" {
					problems = append(problems, fmt.Sprintf("%s publishes %s on %q, not on 127.0.0.1 alone", name, p.Published, p.HostIP))
				}
				if port := fmt.Sprintf("%d/%s", p.Target, p.Protocol); !ports[name][port] {
					problems = append(problems, fmt.Sprintf("%s publishes %s, where it does not listen: %v", name, port, slices.Sorted(maps.Keys(ports[name]))))
				}
				host := p.Published + "/" + p.Protocol
				if other, again := taken[host]; again {
					problems = append(problems, fmt.Sprintf("%s and %s both publish on %s", name, other, host))
				}
				taken[host] = name
			}
		}
		return problems
	})
}

// peerAddress is a name and a port, as in a URL.
var peerAddress = regexp.MustCompile(`(?:^|//|\b(?:udp|tcp):)([a-z0-9.-]+):(\d+)\b`)

// addressProblems checks every address that a service is given: there is such a
// service, it listens there, and it is reachable and healthy by then.
func addressProblems(d deployment) []string {
	return withProject(d, func(project *types.Project) (problems []string) {
		ports, err := d.ports(project)
		if err != nil {
			return []string{err.Error()}
		}
		for name, service := range project.Services {
			if service.HealthCheck != nil {
				for _, text := range service.HealthCheck.Test {
					problems = append(problems, ownAddressProblems(name, text, ports[name])...)
				}
			}
			for _, text := range texts(service) {
				for _, m := range peerAddress.FindAllStringSubmatch(text, -1) {
					if net.ParseIP(m[1]) != nil {
						continue
					}
					problems = append(problems, peerProblems(project, ports, name, m[1], m[2])...)
				}
			}
		}
		return problems
	})
}

// ownAddressProblems checks a health check's loopback address.
func ownAddressProblems(name, text string, ports map[string]bool) (problems []string) {
	for _, m := range regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindAllStringSubmatch(text, -1) {
		if !ports[m[1]+"/tcp"] {
			problems = append(problems, fmt.Sprintf("%s: its health check asks %s, where it does not listen", name, m[0]))
		}
	}
	return problems
}

func peerProblems(project *types.Project, ports listening, name, peer, port string) []string {
	address := peer + ":" + port
	service, target := project.Services[name], project.Services[peer]
	switch {
	case target.Name == "":
		return []string{fmt.Sprintf("%s is given %s: there is no service %s", name, address, peer)}
	case !ports[peer][port+"/tcp"] && !ports[peer][port+"/udp"]:
		return []string{fmt.Sprintf("%s is given %s, where %s does not listen", name, address, peer)}
	case !slices.ContainsFunc(slices.Collect(maps.Keys(service.Networks)), func(n string) bool { _, ok := target.Networks[n]; return ok }):
		return []string{fmt.Sprintf("%s is given %s, but they have no common network", name, address)}
	case target.DependsOn[name].Condition != "":
		return nil // it starts later: the console asks it when somebody looks
	case service.DependsOn[peer].Condition == "":
		return []string{fmt.Sprintf("%s is given %s, but %s is not in its depends_on", name, address, peer)}
	}
	return nil
}

func healthProblems(project *types.Project) (problems []string) {
	waitedFor := map[string]bool{}
	for name, service := range project.Services {
		for dependency, how := range service.DependsOn {
			waitedFor[dependency] = true
			if how.Condition != types.ServiceConditionHealthy {
				problems = append(problems, fmt.Sprintf("%s waits for %s by %s, not service_healthy", name, dependency, how.Condition))
			}
		}
	}
	for name, service := range project.Services {
		if service.HealthCheck == nil || len(service.HealthCheck.Test) == 0 {
			if waitedFor[name] || len(service.Ports) > 0 {
				problems = append(problems, fmt.Sprintf("%s has no health check", name))
			}
			continue
		}
		test := service.HealthCheck.Test
		image, _, _ := strings.Cut(service.Image, ":")
		entrypoint := map[string]string{"bragg": "/bragg", adotImage: "/healthcheck"}[image]
		switch {
		case entrypoint == "": // an image with a shell
		case test[0] != "CMD":
			problems = append(problems, fmt.Sprintf("%s: health check by %s, but the image has no shell", name, test[0]))
		case test[1] != entrypoint:
			problems = append(problems, fmt.Sprintf("%s: health check runs %s, which the image does not have", name, test[1]))
		}
	}
	return problems
}

func hardeningProblems(project *types.Project) (problems []string) {
	for name, service := range project.Services {
		_, edge := service.Networks["edge"]
		for what, broken := range map[string]bool{
			"read_only is off":                     !service.ReadOnly,
			"cap_drop is not ALL":                  !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) > 0,
			"security_opt lacks no-new-privileges": !slices.Contains(service.SecurityOpt, "no-new-privileges:true"),
			"it is privileged":                     service.Privileged || service.NetworkMode == "host" || service.Pid == "host",
			"it runs as root":                      slices.Contains([]string{"0", "root"}, strings.Split(service.User, ":")[0]),
			"mem_limit is not set":                 service.MemLimit == 0,
			"restart is not set":                   service.Restart == "",
			"it is on edge and publishes nothing":  edge && len(service.Ports) == 0,
		} {
			if broken {
				problems = append(problems, fmt.Sprintf("%s: %s", name, what))
			}
		}
	}
	if !project.Networks["private"].Internal {
		problems = append(problems, "the network private is not internal")
	}
	return problems
}

// exampleLine is a variable in .env.example, with the mark of a comment.
var exampleLine = regexp.MustCompile(`(?m)^(#?)([A-Z_][A-Z0-9_]*)=(.*)$`)

// variableProblems compares the variables that compose reads with the ones that
// .env.example shows: the same ones, with the same defaults, none set.
func variableProblems(d deployment) []string {
	variables, err := d.variables()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	shown := map[string]bool{}
	for _, m := range exampleLine.FindAllStringSubmatch(d.envExample, -1) {
		comment, name, value := m[1], m[2], m[3]
		shown[name] = true
		variable, used := variables[name]
		switch {
		case comment == "":
			problems = append(problems, fmt.Sprintf(".env.example sets %s: a copy of it must change nothing", name))
		case name == "COMPOSE_FILE":
			for _, file := range strings.Split(value, ":") {
				if _, err := os.Stat(filepath.Join(d.root, file)); err != nil {
					problems = append(problems, fmt.Sprintf(".env.example names %s: %v", file, err))
				}
			}
		case strings.HasPrefix(name, "COMPOSE_"): // compose's own
		case !used:
			problems = append(problems, fmt.Sprintf(".env.example shows %s, which nothing reads", name))
		case value != variable.DefaultValue:
			problems = append(problems, fmt.Sprintf(".env.example shows %s=%s, the default is %q", name, value, variable.DefaultValue))
		}
	}
	for name := range variables {
		if !shown[name] {
			problems = append(problems, fmt.Sprintf(".env.example does not show %s", name))
		}
	}
	slices.Sort(problems)
	return problems
}

// blankProblems checks what the collector gets when nothing is set and when
// everything is set to nothing. ADOT takes a blank variable at its word.
func blankProblems(d deployment) []string {
	reads := map[string]bool{}
	config := regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(d.collector, "")
	for _, m := range envReference.FindAllStringSubmatch(config, -1) {
		reads[m[1]] = true
	}
	variables, err := d.variables()
	if err != nil {
		return []string{err.Error()}
	}
	blank := map[string]string{}
	for name := range variables {
		blank[name] = ""
	}
	var problems []string
	for how, env := range map[string]map[string]string{"unset": nil, "blank": blank} {
		project, err := d.load(env)
		if err != nil {
			return []string{err.Error()}
		}
		passed := project.Services["collector"].Environment
		for name, value := range passed {
			switch {
			case strings.HasPrefix(name, "BRAGG_") && !reads[name]:
				problems = append(problems, fmt.Sprintf("the collector gets %s, which otel-collector.yaml does not read", name))
			case reads[name] && (value == nil || strings.TrimSpace(*value) == ""):
				problems = append(problems, fmt.Sprintf("the collector gets a blank %s when all variables are %s", name, how))
			}
		}
		for name := range reads {
			// Ports are the container's own: nobody moves them.
			if _, ok := passed[name]; !ok && !strings.HasSuffix(name, "_PORT") {
				problems = append(problems, fmt.Sprintf("otel-collector.yaml reads %s, which compose does not pass", name))
			}
		}
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}
