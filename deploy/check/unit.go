package check

import (
	"fmt"
	"slices"
	"strings"
)

// unitKeys are sections of a systemd service and their keys, those of
// systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and
// systemd.resource-control(5) that a unit of ours may have.
var unitKeys = map[string][]string{
	"Unit": {"Description", "Documentation", "After", "Wants", "Requires", "StartLimitIntervalSec", "StartLimitBurst", "ConditionPathExists"},
	"Service": {
		"Type", "User", "Group", "DynamicUser", "ExecStart", "ExecStartPre", "ExecReload", "EnvironmentFile", "Environment", "Restart", "RestartSec",
		"TimeoutStartSec", "TimeoutStopSec", "KillSignal", "KillMode", "StateDirectory", "StateDirectoryMode", "ConfigurationDirectory",
		"MemoryMax", "MemoryHigh", "TasksMax", "LimitNOFILE", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices",
		"ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectClock", "ProtectHostname", "ProtectProc",
		"RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute",
		"SystemCallFilter", "SystemCallArchitectures", "CapabilityBoundingSet", "AmbientCapabilities", "LoadCredential", "ReadWritePaths", "UMask", "ProcSubset",
	},
	"Install": {"WantedBy", "RequiredBy", "Alias"},
}

// once are keys that a unit must have exactly one of.
var once = map[string][]string{"Service": {"ExecStart", "Restart", "NoNewPrivileges", "ProtectSystem"}, "Install": {"WantedBy"}}

// Unit checks a systemd service: sections and keys that systemd knows (it
// ignores others, with a line in its journal), and that it is started without
// more rights than it needs.
func Unit(content []byte) (problems []string) {
	section, count := "", map[string]int{}
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = strings.Trim(line, "[]")
			if unitKeys[section] == nil {
				problems = append(problems, fmt.Sprintf("line %d: systemd has no section %s", i+1, section))
			}
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || section == "" {
				problems = append(problems, fmt.Sprintf("line %d: %q is no key of a section", i+1, line))
				continue
			}
			if unitKeys[section] != nil && !slices.Contains(unitKeys[section], key) {
				problems = append(problems, fmt.Sprintf("line %d: [%s] has no key %s", i+1, section, key))
			}
			if key == "User" && (value == "root" || value == "0") {
				problems = append(problems, fmt.Sprintf("line %d: it runs as root", i+1))
			}
			if key == "Environment" && secretName.MatchString(strings.Split(value, "=")[0]) {
				problems = append(problems, fmt.Sprintf("line %d: a secret in the unit, which everybody may read", i+1))
			}
			count[section+"."+key]++
		}
	}
	for section, keys := range once {
		for _, key := range keys {
			if n := count[section+"."+key]; n != 1 {
				problems = append(problems, fmt.Sprintf("[%s] has %s %d times, wants 1", section, key, n))
			}
		}
	}
	if count["Service.User"] == 0 && count["Service.DynamicUser"] == 0 {
		problems = append(problems, "it has neither User nor DynamicUser, so it runs as root")
	}
	slices.Sort(problems)
	return problems
}
