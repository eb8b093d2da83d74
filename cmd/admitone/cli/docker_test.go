package cli

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"admitone/events/esdb"
)

// dockerFolder has the images, the compose files and the dashboard.
const dockerFolder = "../../../docker"

// composeFile is the part of a compose file that is checked.
type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]any            `yaml:"volumes"`
}

type composeService struct {
	Extends     struct{ File, Service string } `yaml:"extends"`
	Build       struct{ Context, Dockerfile string }
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	DependsOn   yaml.Node         `yaml:"depends_on"`
	Networks    map[string]struct{ Aliases []string }
	Image       string
	Ports       []string
}

// ours reports whether the service runs this program.
func (s *composeService) ours() bool { return s.Extends.Service == "admitone" }

func dockerText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dockerFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func dockerYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(dockerText(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// composeFiles reads all compose files, by name.
func composeFiles(t *testing.T) map[string]composeFile {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dockerFolder, "compose*.yml"))
	if err != nil || len(names) < 4 {
		t.Fatalf("found %q, %v; want at least 4 names", names, err)
	}
	files := map[string]composeFile{}
	for _, name := range names {
		var file composeFile
		dockerYAML(t, filepath.Base(name), &file)
		files[filepath.Base(name)] = file
	}
	return files
}

// checkUsage fails the test if this program has no such command or flags.
func checkUsage(t *testing.T, where string, args []string) {
	t.Helper()
	found, rest, err := newRoot().Find(args)
	if err == nil && !found.HasParent() {
		t.Errorf("%s: admitone %q has no command", where, args)
		return
	}
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil {
		err = found.ValidateArgs(found.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: admitone %q: %v", where, args, err)
	}
}

// TestComposeServices: the commands, flags and variables that a compose file gives to this program
// exist.
func TestComposeServices(t *testing.T) {
	variables := map[string]bool{}
	for _, command := range newRoot().Commands() {
		command.Flags().VisitAll(func(f *pflag.Flag) {
			variables["ADMITONE_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true
		})
	}
	servers := 0
	for name, file := range composeFiles(t) {
		for service, s := range file.Services {
			if !s.ours() {
				continue
			}
			where := name + ": " + service
			checkUsage(t, where, s.Command)
			for variable, value := range s.Environment {
				if !variables[variable] {
					t.Errorf("%s: no flag has the variable %s", where, variable)
				}
				if variable == "ADMITONE_STORE" && !esdb.IsAddress(value) {
					t.Errorf("%s: %s is not a connection string", where, value)
				}
			}
			if s.Command[0] == "serve" {
				servers++
			}
		}
	}
	if servers != 1+1+3 {
		t.Errorf("the compose files have %d servers, want 5", servers)
	}
}

// TestComposeReferences: mounted and extended files exist, volumes are declared, and services
// depend on existing services.
func TestComposeReferences(t *testing.T) {
	exists := func(where, name string) {
		if _, err := os.Stat(filepath.Join(dockerFolder, name)); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
	for name, file := range composeFiles(t) {
		for service, s := range file.Services {
			where := name + ": " + service
			for _, mount := range s.Volumes {
				source, _, _ := strings.Cut(mount, ":")
				if strings.HasPrefix(source, ".") {
					exists(where, source)
				} else if strings.HasPrefix(source, "${") {
					continue // a directory on the host
				} else if _, ok := file.Volumes[source]; !ok {
					t.Errorf("%s: the volume %s is not declared", where, source)
				}
			}
			for _, other := range dependencies(t, &s) {
				if _, ok := file.Services[other]; !ok {
					t.Errorf("%s depends on %s, which does not exist", where, other)
				}
			}
			if s.Extends.File != "" {
				var base composeFile
				dockerYAML(t, s.Extends.File, &base)
				build := base.Services[s.Extends.Service].Build
				exists(where, filepath.Join(build.Context, "go.mod"))
				exists(where, filepath.Join(build.Context, build.Dockerfile))
			}
		}
	}
}

// dependencies returns the services in depends_on, which is a list or a map.
func dependencies(t *testing.T, s *composeService) []string {
	t.Helper()
	switch s.DependsOn.Kind {
	case yaml.SequenceNode:
		var list []string
		if err := s.DependsOn.Decode(&list); err != nil {
			t.Fatal(err)
		}
		return list
	case yaml.MappingNode:
		var conditions map[string]any
		if err := s.DependsOn.Decode(&conditions); err != nil {
			t.Fatal(err)
		}
		return slices.Collect(maps.Keys(conditions))
	}
	return nil
}

// TestDockerfile: the image's command exists, copied files exist, and the health check requests an
// existing route.
func TestDockerfile(t *testing.T) {
	text := dockerText(t, "Dockerfile")
	command := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(text)
	var args []string
	if command == nil || json.Unmarshal([]byte(command[1]), &args) != nil {
		t.Fatal("the Dockerfile has no CMD in the form of a list")
	}
	checkUsage(t, "Dockerfile", args)
	check := regexp.MustCompile(`http://127\.0\.0\.1:8080(/\w+)"\]`).FindStringSubmatch(text)
	if check == nil {
		t.Fatal("the Dockerfile has no health check")
	}
	serveIn(t, t.TempDir(), nil).send("GET", check[1], "")
	ignored := dockerText(t, "Dockerfile.dockerignore")
	for _, kept := range regexp.MustCompile(`(?m)^!(.+)$`).FindAllStringSubmatch(ignored, -1) {
		if _, err := os.Stat(filepath.Join(dockerFolder, "..", kept[1])); err != nil {
			t.Error("Dockerfile.dockerignore:", err)
		}
	}
}

// TestDockerCommands: the commands shown in the comments of the compose files and in README.md exist.
func TestDockerCommands(t *testing.T) {
	files := composeFiles(t)
	typed := regexp.MustCompile(`(?m)-f docker/(compose[\w.]*\.yml)(?: -f \S+)* exec (\w+) admitone (.+)$`)
	for _, name := range append(slices.Sorted(maps.Keys(files)), "README.md") {
		found := typed.FindAllStringSubmatch(dockerText(t, name), -1)
		if len(found) == 0 && name != "compose.kurrentdb.yml" {
			t.Errorf("%s does not say how to get a token", name)
		}
		for _, match := range found {
			file, service, args := match[1], match[2], strings.Fields(match[3])
			if s, ok := files[file].Services[service]; !ok || !s.ours() {
				t.Errorf("%s: %s has no server %s", name, file, service)
			}
			checkUsage(t, name, args)
		}
	}
}

// TestTLSProxyNames: the TLS proxy forwards to a name that exists in both files with which it can be
// combined, publishes the ports that its configuration listens on, and mounts the files that nginx reads.
func TestTLSProxyNames(t *testing.T) {
	files := composeFiles(t)
	conf := dockerText(t, "nginx-tls.conf")
	upstream := regexp.MustCompile(`(?m)^\s+server (\w+):8080 max_fails=0;$`).FindStringSubmatch(conf)
	if upstream == nil {
		t.Fatal("nginx-tls.conf has no upstream")
	}
	if s, ok := files["compose.yml"].Services[upstream[1]]; !ok || !s.ours() {
		t.Errorf("compose.yml has no server %s", upstream[1])
	}
	if balancer := files["compose.cluster.yml"].Services["balancer"]; !slices.Contains(
		balancer.Networks["default"].Aliases, upstream[1]) {
		t.Errorf("no service in compose.cluster.yml has the name %s: %v", upstream[1], balancer.Networks)
	}
	for _, name := range []string{"compose.tls.yml", "compose.cluster.yml"} {
		for service, s := range files[name].Services {
			if !strings.HasPrefix(s.Image, "nginx:") {
				continue
			}
			mounts, where := strings.Join(s.Volumes, "\n"), name+": "+service
			conf := regexp.MustCompile(`(?m)^\./(\S+):/etc/nginx/nginx\.conf:ro$`).FindStringSubmatch(mounts)
			if conf == nil {
				t.Errorf("%s: the volumes %q mount no nginx.conf", where, s.Volumes)
				continue
			}
			text := dockerText(t, conf[1])
			for _, read := range regexp.MustCompile(
				`(?m)^\s+(?:include|ssl_certificate(?:_key)?) (\S+);$`).FindAllStringSubmatch(text, -1) {
				if !strings.Contains(mounts, ":"+read[1]+":ro") && !strings.Contains(mounts, ":"+filepath.Dir(read[1])+":ro") {
					t.Errorf("%s: nothing is mounted at %s", where, read[1])
				}
			}
			for _, port := range s.Ports {
				if inside := port[strings.LastIndex(port, ":")+1:]; !regexp.MustCompile(`(?m)^\s+listen ` + inside +
					`( ssl)?;$`).MatchString(text) {
					t.Errorf("%s: nothing listens on port %s", where, inside)
				}
			}
		}
	}
}

// TestClusterNames: the load balancer and Prometheus name every server of the cluster at its port,
// and nothing else.
func TestClusterNames(t *testing.T) {
	services := composeFiles(t)["compose.cluster.yml"].Services
	var servers, stores []string
	for name, s := range services {
		if s.ours() && s.Command[0] == "serve" {
			_, port, err := net.SplitHostPort(s.Command[slices.Index(s.Command, "--listen")+1])
			if err != nil {
				t.Fatal(err)
			}
			servers = append(servers, net.JoinHostPort(name, port))
		} else if _, member := s.Environment["EVENTSTORE_GOSSIP_SEED"]; member {
			stores = append(stores, net.JoinHostPort(name, "2113"))
		}
	}
	slices.Sort(servers)
	slices.Sort(stores)
	if len(servers) != 3 || len(stores) != 3 {
		t.Fatalf("servers %q, stores %q, want three of each", servers, stores)
	}

	var upstream []string
	for _, match := range regexp.MustCompile(`(?m)^\s+server (\S+) max_fails=0;$`).FindAllStringSubmatch(dockerText(t,
		"nginx.conf"), -1) {
		upstream = append(upstream, match[1])
	}
	if !slices.Equal(upstream, servers) {
		t.Errorf("nginx.conf has %q, want %q", upstream, servers)
	}
	var prometheus struct {
		Jobs []struct {
			Name   string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	dockerYAML(t, "prometheus.yml", &prometheus)
	want := map[string][]string{"admitone": servers, "eventstore": stores}
	for _, job := range prometheus.Jobs {
		if len(job.Static) != 1 || !slices.Equal(job.Static[0].Targets, want[job.Name]) {
			t.Errorf("prometheus.yml: %s scrapes %v, want %q", job.Name, job.Static, want[job.Name])
		}
		delete(want, job.Name)
	}
	if len(want) > 0 {
		t.Errorf("prometheus.yml does not scrape %v", want)
	}
}
